import { test as base, expect, type BrowserContext, type TestInfo } from '@playwright/test'
import { ConsoleErrors } from './console-errors.ts'
import { Origin, type Exchange } from './origin.ts'
import { Server, type Settings } from './server.ts'

/** Server with its own database and the origin in front of it: one pair for each test. */
export interface Latchkey {
  server: Server
  origin: Origin
}

/** Starts a server and the origin in front of it. */
export async function serve(settings: Settings): Promise<Latchkey> {
  const origin = await Origin.start()
  const server = await Server.start(origin.url, settings)
  origin.passOnTo(server.port)
  return { server, origin }
}

/** Stops the origin and the server, and removes the data. */
export async function end({ server, origin }: Latchkey): Promise<void> {
  await origin.end()
  await server.end()
}

/** Fixture that runs both for one test, and attaches their logs if it fails. */
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
 * Returns the browser's requests with their status and faults as an attachment for a failed test. The last comes first:
 * runners print only the beginning of a long text.
 */
export function requests(exchanges: readonly Exchange[]): { body: string; contentType: string } {
  const lines = exchanges.toReversed().map(({ method, path, status, faults }) =>
    [status ?? 'broken', method, path, ...faults.map(({ kind }) => kind)].join(' '),
  )
  return { body: lines.join('\n'), contentType: 'text/plain' }
}

interface Fixtures {
  /** Server settings that override the defaults: `test.use({ settings: … })`. */
  settings: Settings
  latchkey: Latchkey
  origin: Origin
  consoleErrors: ConsoleErrors
  /** Opens another browser context, with cookies and storage of its own. */
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
