import { defineConfig } from '@playwright/test'

const onCi = Boolean(process.env.CI)

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  workers: 2,
  // A test that passes at the second try is a test that failed.
  retries: 0,
  forbidOnly: onCi,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./support/counting-reporter.ts']],
  use: {
    locale: 'en-US',
    timezoneId: 'Asia/Seoul',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      // The machine's own browser: nothing is downloaded.
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
      ],
    },
  },
})
