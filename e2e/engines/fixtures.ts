import { test as base, expect } from '@playwright/test'
import { end, requests, serve, type Latchkey } from '../support/fixtures.ts'
import type { Settings } from '../support/server.ts'
import { launch, type Engine } from './drivers.ts'
import { View } from './view.ts'

/** Which engine a run is about. */
export interface EngineOption {
  engine: Engine
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
  settings: [{}, { option: true }],

  latchkey: async ({ settings }, use, info) => {
    const latchkey = await serve(settings)
    await use(latchkey)
    if (info.status !== info.expectedStatus) {
      await info.attach('requests', requests(latchkey.origin.exchanges))
      await info.attach('server log', { body: latchkey.server.log, contentType: 'text/plain' })
    }
    await end(latchkey)
  },

  view: async ({ engine, latchkey }, use, info) => {
    const driven = await launch(engine)
    const view = new View(driven.driver, latchkey.origin.url)
    await view.enlarge()
    await use(view)
    if (info.status !== info.expectedStatus) {
      await info.attach('screenshot', { body: await view.picture(), contentType: 'image/png' }).catch(() => {})
    }
    await driven.end()
  },
})

export { expect }
