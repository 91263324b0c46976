import { defineConfig } from '@playwright/test'
import everyday from '../../playwright.config.ts'

/** The page beside one that a server draws: `cargo xtask bench page`. */
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
      // Frames as they are ready: at sixty in a second, waiting for the next one would be most of what is measured.
      args: [...(everyday.use?.launchOptions?.args ?? []), '--disable-frame-rate-limit', '--disable-gpu-vsync'],
    },
  },
})
