import { defineConfig } from '@playwright/test'
import everyday from '../playwright.config.ts'

/** Session measurements: `cargo xtask bench sessions`. They run one after the other, so that none disturbs another. */
export default defineConfig(everyday, {
  testDir: '.',
  testMatch: 'sessions.bench.ts',
  // Separate from the output of the tests, which may be running.
  outputDir: '../../target/bench',
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  reporter: [['./table-reporter.ts']],
  use: { screenshot: 'off' },
})
