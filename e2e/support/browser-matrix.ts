import { test as base, expect, type Browser, type BrowserContext, type BrowserContextOptions } from '@playwright/test'
import { PERMISSIONS } from './chromium.ts'
import { ConsoleErrors } from './console-errors.ts'
import { end, requests, serve } from './fixtures.ts'
import type { Origin } from './origin.ts'
import { ADA, type Person } from './people.ts'
import { fillIn, open, send, type StateContext, type State } from './states.ts'

/** Languages of the page by their `lang` code, each with the locale of a browser in that language. */
export const BROWSERS = { en: 'en-US', ko: 'ko-KR' } as const
export type Language = keyof typeof BROWSERS
export const LANGUAGES = Object.keys(BROWSERS) as Language[]

export const THEMES = ['light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** Test users with names as people write them in each language. */
const PEOPLE: Record<Language, Person> = { en: ADA, ko: { ...ADA, name: '에이다 러브레이스', email: 'ada@example.com' } }

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>

/** Runner that shows states one after the other, each in a browser context of its own. */
export class BrowserMatrix {
  private constructor(
    private readonly browser: Browser,
    private readonly origin: Origin,
    private readonly language: Language,
    private readonly signedIn: StorageState,
  ) {}

  /** Opens the matrix with one account; every signed-in state starts from the storage state of its sign-in. */
  static async open(browser: Browser, origin: Origin, language: Language): Promise<BrowserMatrix> {
    const context = await browser.newContext(options(origin, language))
    const page = await context.newPage()
    const person = PEOPLE[language]
    await open(page, '/signup')
    await fillIn(page, { email: person.email, display_name: person.name, password: person.password })
    await send(page)
    await expect(page.locator('nav')).toBeVisible()
    const storageState = await context.storageState()
    await context.close()
    return new BrowserMatrix(browser, origin, language, storageState)
  }

  /** Reaches the state, passes it to `look`, and asserts that the browser logged no unexpected errors. */
  async show(state: State, look: (stateContext: StateContext) => Promise<void>, more: BrowserContextOptions = {}): Promise<void> {
    const consoleErrors = new ConsoleErrors()
    consoleErrors.expect(...state.expectedErrors)
    const before = this.origin.exchanges.length
    const context = await this.browser.newContext({
      ...options(this.origin, this.language),
      javaScriptEnabled: state.scripts,
      ...(state.signedIn && { storageState: this.signedIn }),
      ...more,
    })
    consoleErrors.watch(context)
    try {
      const stateContext = { page: await context.newPage(), origin: this.origin, person: PEOPLE[this.language] }
      await state.reach(stateContext)
      await look(stateContext)
    } catch (error) {
      await base.info().attach('requests', requests(this.origin.exchanges.slice(before)))
      throw error
    } finally {
      // The context is closed first: an open page would continue where the faults stopped it once they are cleared.
      await context.close()
      this.origin.faults.clear()
    }
    expect(consoleErrors.unexpected, `${state.name}: the browser complained`).toEqual([])
  }
}

/**
 * Test base for tests that look at one state each. The tests of one worker share a server and a sign-in, since only the
 * pages are under test.
 */
export const test = base.extend<object, { matrixFor: (language: Language) => Promise<BrowserMatrix> }>({
  matrixFor: [
    async ({ browser }, use) => {
      // The storage state of the sign-in is never refreshed: its access token must outlast all tests.
      const latchkey = await serve({ LATCHKEY_TOKENS__ACCESS_LIFETIME: '1h', LATCHKEY_THROTTLE__PER_NETWORK: '100000' })
      const open: Partial<Record<Language, Promise<BrowserMatrix>>> = {}
      await use((language) => (open[language] ??= BrowserMatrix.open(browser, latchkey.origin, language)))
      await end(latchkey)
    },
    { scope: 'worker' },
  ],
})

function options(origin: Origin, language: Language): BrowserContextOptions {
  return {
    baseURL: origin.url,
    locale: BROWSERS[language],
    timezoneId: 'Asia/Seoul',
    permissions: PERMISSIONS,
    // Nothing may move while a state is inspected.
    reducedMotion: 'reduce',
  }
}
