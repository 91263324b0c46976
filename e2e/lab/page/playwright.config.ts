import { defineConfig } from '@playwright/test'
import everyday from '../../playwright.config.ts'

/** Benchmark of the page against a server-rendered baseline: `cargo xtask bench page`. */
export default defineConfig(everyday, {
  testDir: '.',
  testMatch: '*.bench.ts',
  outputDir: '../../../target/bench-page',
  workers: 1,
  timeout: 3_600_000,
  reporter: [['line']],
  use: {
    trace: 'off',
    screenshot: 'off',
    launchOptions: {
      ...everyday.use?.launchOptions,
      // Frames are drawn as soon as they are ready: at 60 Hz, waiting for the next one would dominate the result.
      args: [...(everyday.use?.launchOptions?.args ?? []), '--disable-frame-rate-limit', '--disable-gpu-vsync'],
    },
  },
})
