import { defineConfig } from '@playwright/test'
import everyday from './playwright.config.ts'
import type { EngineOption } from './fixtures.ts'

/** Screenshots of the page in these engines: a part of `cargo xtask shots`. */
export default defineConfig<EngineOption>(everyday, {
  testMatch: 'pictures.ts',
  timeout: 900_000,
  reporter: [['list']],
  // Firefox has no window as narrow as a phone; with more device pixels per CSS pixel, its viewport is.
  use: { density: 1.5 },
})
