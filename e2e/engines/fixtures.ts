import { test as base, expect } from '@playwright/test'
import { forOneTest, type Latchkey } from '../support/fixtures.ts'
import type { Settings } from '../support/server.ts'
import { launch, type Engine } from './drivers.ts'
import { View } from './view.ts'

/** Options of a run. */
export interface EngineOption {
  engine: Engine
  /** Device pixels per CSS pixel, where the engine supports it. */
  density: number
}

interface Fixtures extends EngineOption {
  /** Server settings that override the defaults. */
  settings: Settings
  latchkey: Latchkey
  /** Window of the engine, with its own origin. */
  view: View
}

export const test = base.extend<Fixtures>({
  engine: ['firefox', { option: true }],
  density: [1, { option: true }],
  settings: [{}, { option: true }],

  latchkey: forOneTest,

  view: async ({ engine, density, latchkey }, use, info) => {
    const driven = await launch(engine, density)
    const view = new View(driven.driver, latchkey.origin.url)
    await view.enlarge()
    await use(view)
    if (info.status !== info.expectedStatus) {
      await info.attach('page', { body: await view.everything(), contentType: 'text/plain' })
      await info.attach('screenshot', { body: await view.picture(), contentType: 'image/png' }).catch(() => {})
    }
    await driven.end()
  },
})

export { expect }
