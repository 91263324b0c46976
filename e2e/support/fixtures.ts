import { test as base, expect, type BrowserContext, type TestInfo } from '@playwright/test'
import { ConsoleErrors } from './console-errors.ts'
import { Origin, type Exchange } from './origin.ts'
import { Server, type Settings } from './server.ts'

/** A server with its own database, and the origin before it: one for each test. */
export interface Latchkey {
  server: Server
  origin: Origin
}

/** Starts both. */
export async function serve(settings: Settings): Promise<Latchkey> {
  const origin = await Origin.start()
  const server = await Server.start(origin.url, settings)
  origin.passOnTo(server.port)
  return { server, origin }
}

/** Ends both, and removes the data. */
export async function end({ server, origin }: Latchkey): Promise<void> {
  await origin.end()
  await server.end()
}

/** Lends both to one test, and shows what they saw if it fails. */
export async function forOneTest(
  { settings }: { settings: Settings },
  use: (latchkey: Latchkey) => Promise<void>,
  info: TestInfo,
): Promise<void> {
  const latchkey = await serve(settings)
  await use(latchkey)
  if (info.status !== info.expectedStatus) {
    await info.attach('requests', requests(latchkey.origin.exchanges))
    await info.attach('server log', { body: latchkey.server.log, contentType: 'text/plain' })
  }
  await end(latchkey)
}

/**
 * What the browser asked for and what became of it, for somebody who wonders why a test failed. The last comes first: of a
 * long text, runners print only the beginning.
 */
export function requests(exchanges: readonly Exchange[]): { body: string; contentType: string } {
  const lines = exchanges.toReversed().map(({ method, path, status, faults }) =>
    [status ?? 'broken', method, path, ...faults.map(({ kind }) => kind)].join(' '),
  )
  return { body: lines.join('\n'), contentType: 'text/plain' }
}

interface Fixtures {
  /** What the server is told, over its defaults: `test.use({ settings: … })`. */
  settings: Settings
  latchkey: Latchkey
  origin: Origin
  consoleErrors: ConsoleErrors
  /** Another browser, with cookies and storage of its own. */
  anotherBrowser: (options?: { locale?: string }) => Promise<BrowserContext>
}

export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],

  latchkey: forOneTest,

  origin: ({ latchkey }, use) => use(latchkey.origin),

  baseURL: ({ origin }, use) => use(origin.url),

  consoleErrors: async ({}, use) => {
    const consoleErrors = new ConsoleErrors()
    await use(consoleErrors)
    expect(consoleErrors.unexpected, 'the browser complained').toEqual([])
  },

  context: async ({ context, consoleErrors }, use) => {
    consoleErrors.watch(context)
    await use(context)
  },

  anotherBrowser: async ({ browser, baseURL, consoleErrors }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (options = {}) => {
      const context = await browser.newContext({ locale: 'en-US', ...options, ...(baseURL && { baseURL }) })
      consoleErrors.watch(context)
      contexts.push(context)
      return context
    })
    await Promise.all(contexts.map((context) => context.close()))
  },
})

export { expect }
