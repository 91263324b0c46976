import { defineConfig } from '@playwright/test'
import { CHROMIUM, QUIET } from './support/chromium.ts'

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
    launchOptions: { executablePath: CHROMIUM, args: QUIET },
  },
})
