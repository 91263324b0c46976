import { test as base, expect } from '@playwright/test'
import { forOneTest, type Latchkey } from '../support/fixtures.ts'
import type { Settings } from '../support/server.ts'
import { launch, type Engine } from './drivers.ts'
import { View } from './view.ts'

/** Which engine a run is about. */
export interface EngineOption {
  engine: Engine
  /** How many points of the screen a pixel of the page takes, where the engine can be told. */
  density: number
}

interface Fixtures extends EngineOption {
  /** What the server is told, over its defaults. */
  settings: Settings
  latchkey: Latchkey
  /** A window of the engine, before an origin of its own. */
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
