import { defineConfig } from '@playwright/test'
import { CHROMIUM, PERMISSIONS, CHROMIUM_FLAGS } from './support/chromium.ts'

const onCi = Boolean(process.env.CI)

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  // Many tests wait for times to pass, and another one can use the CPU meanwhile.
  workers: 3,
  // A test that passes only at the second try counts as failed.
  retries: 0,
  forbidOnly: onCi,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./support/counting-reporter.ts']],
  use: {
    locale: 'en-US',
    timezoneId: 'Asia/Seoul',
    permissions: PERMISSIONS,
    // Tracing everything costs more than the tests: enable it with `--trace on`.
    trace: 'off',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_FLAGS },
  },
})
