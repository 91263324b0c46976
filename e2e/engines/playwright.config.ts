import { defineConfig } from '@playwright/test'
import everyday from '../playwright.config.ts'
import type { EngineOption } from './fixtures.ts'

/** The engines other than Chromium's, driven by WebDriver: the runner is Playwright's, the browsers are the machine's. */
export default defineConfig<EngineOption>(everyday, {
  testDir: '.',
  outputDir: '../../target/engines',
  // A window in the background is painted late or not at all: one browser at a time.
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  // WebAssembly takes these engines long where the machine is busy.
  expect: { timeout: 30_000 },
  projects: (process.env.LATCHKEY_ENGINES ?? 'firefox webkit')
    .split(' ')
    .filter((engine) => engine !== '')
    .map((engine) => ({ name: engine, use: { engine: engine as EngineOption['engine'] } })),
  reporter: [['list'], ['../support/counting-reporter.ts']],
  use: { screenshot: 'off' },
})
