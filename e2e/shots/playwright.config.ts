import { defineConfig } from '@playwright/test'
import everyday from '../playwright.config.ts'

/** Screenshots of every state of the page: `cargo xtask shots`. */
export default defineConfig(everyday, {
  testDir: '.',
  outputDir: '../../target/shots',
  timeout: 600_000,
  reporter: [['list']],
  use: { screenshot: 'off' },
  projects: [
    { name: 'pictures', testMatch: 'pictures.ts' },
    { name: 'sheets', testMatch: 'sheets.ts', dependencies: ['pictures'] },
  ],
})
