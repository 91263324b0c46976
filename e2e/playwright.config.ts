import { defineConfig } from '@playwright/test'
import { CHROMIUM, PERMISSIONS, CHROMIUM_FLAGS } from './support/chromium.ts'

const onCi = Boolean(process.env.CI)

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  // Many a test waits for times that pass, and then another one can work.
  workers: 3,
  // A test that passes at the second try is a test that failed.
  retries: 0,
  forbidOnly: onCi,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./support/counting-reporter.ts']],
  use: {
    locale: 'en-US',
    timezoneId: 'Asia/Seoul',
    permissions: PERMISSIONS,
    // A trace of everything costs more than the tests: ask for one with `--trace on`.
    trace: 'off',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_FLAGS },
  },
})
