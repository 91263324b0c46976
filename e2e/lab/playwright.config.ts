import { defineConfig } from '@playwright/test'
import everyday from '../playwright.config.ts'

/** The measurements: `cargo xtask bench sessions`. One after the other, so that none disturbs the next. */
export default defineConfig(everyday, {
  testDir: '.',
  testMatch: 'sessions.bench.ts',
  // Apart from the tests', which may be running.
  outputDir: '../../target/bench',
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  reporter: [['./table-reporter.ts']],
  use: { screenshot: 'off' },
})
