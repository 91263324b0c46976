import { test as base, expect, type BrowserContext } from '@playwright/test'
import { Complaints } from './complaints.ts'
import { Origin } from './origin.ts'
import { Server, type Settings } from './server.ts'

/** A server with its own database, and the origin before it: one for each test. */
export interface Latchkey {
  server: Server
  origin: Origin
}

interface Fixtures {
  /** What the server is told, over its defaults: `test.use({ settings: … })`. */
  settings: Settings
  latchkey: Latchkey
  origin: Origin
  complaints: Complaints
  /** Another browser, with cookies and storage of its own. */
  anotherBrowser: (options?: { locale?: string }) => Promise<BrowserContext>
}

export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],

  latchkey: async ({ settings }, use, info) => {
    const origin = await Origin.start()
    const server = await Server.start(origin.url, settings)
    origin.passOnTo(server.port)
    await use({ server, origin })
    if (info.status !== info.expectedStatus) {
      const requests = origin.exchanges.map(({ method, path, status, faults }) =>
        [status ?? 'broken', method, path, ...faults.map(({ kind }) => kind)].join(' '),
      )
      await info.attach('requests', { body: requests.join('\n'), contentType: 'text/plain' })
      await info.attach('server log', { body: server.log, contentType: 'text/plain' })
    }
    await origin.end()
    await server.end()
  },

  origin: ({ latchkey }, use) => use(latchkey.origin),

  baseURL: ({ origin }, use) => use(origin.url),

  complaints: async ({}, use) => {
    const complaints = new Complaints()
    await use(complaints)
    expect(complaints.unexpected, 'the browser complained').toEqual([])
  },

  context: async ({ context, complaints }, use) => {
    complaints.watch(context)
    await use(context)
  },

  anotherBrowser: async ({ browser, baseURL, complaints }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (options = {}) => {
      const context = await browser.newContext({ locale: 'en-US', ...options, ...(baseURL && { baseURL }) })
      complaints.watch(context)
      contexts.push(context)
      return context
    })
    await Promise.all(contexts.map((context) => context.close()))
  },
})

export { expect }
