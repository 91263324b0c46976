import { defineConfig } from '@playwright/test'
import everyday from '../playwright.config.ts'
import type { EngineOption } from './fixtures.ts'

/** Tests of the engines other than Chromium, driven by WebDriver: Playwright's runner, the machine's browsers. */
export default defineConfig<EngineOption>(everyday, {
  testDir: '.',
  outputDir: '../../target/engines',
  // Only one browser runs at a time: a window in the background is painted late or not at all.
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  // These engines are slow to start WebAssembly on a busy machine.
  expect: { timeout: 30_000 },
  projects: (process.env.LATCHKEY_ENGINES ?? 'firefox webkit')
    .split(' ')
    .filter((engine) => engine !== '')
    .map((engine) => ({ name: engine, use: { engine: engine as EngineOption['engine'] } })),
  reporter: [['list'], ['../support/counting-reporter.ts']],
  use: { screenshot: 'off' },
})
