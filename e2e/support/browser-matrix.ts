import { test as base, expect, type Browser, type BrowserContext, type BrowserContextOptions } from '@playwright/test'
import { PERMISSIONS } from './chromium.ts'
import { ConsoleErrors } from './console-errors.ts'
import { end, requests, serve } from './fixtures.ts'
import type { Origin } from './origin.ts'
import { ADA, type Person } from './people.ts'
import { fillIn, open, send, type StateContext, type State } from './states.ts'

/** The languages of the page, as `lang` names them, and what a browser of that language says. */
export const BROWSERS = { en: 'en-US', ko: 'ko-KR' } as const
export type Language = keyof typeof BROWSERS
export const LANGUAGES = Object.keys(BROWSERS) as Language[]

export const THEMES = ['light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** Named as people of the language write it. */
const PEOPLE: Record<Language, Person> = { en: ADA, ko: { ...ADA, name: '에이다 러브레이스', email: 'ada@example.com' } }

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>

/** Where states are looked at, one after the other, each by a browser of its own. */
export class BrowserMatrix {
  private constructor(
    private readonly browser: Browser,
    private readonly origin: Origin,
    private readonly language: Language,
    private readonly signedIn: StorageState,
  ) {}

  /** Opens with one account, whose sign-in every state with somebody signed in starts from. */
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

  /** Brings the state about, lets somebody look at it, and asserts that the browser had nothing to complain of. */
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
      // In this order: a page that lives to see its faults gone goes on where they had stopped it.
      await context.close()
      this.origin.faults.clear()
    }
    expect(consoleErrors.unexpected, `${state.name}: the browser complained`).toEqual([])
  }
}

/**
 * Tests that look at one state each. Those that run one after the other share a server and a sign-in: the pages are what
 * is looked at.
 */
export const test = base.extend<object, { matrixFor: (language: Language) => Promise<BrowserMatrix> }>({
  matrixFor: [
    async ({ browser }, use) => {
      // The sign-in is kept as it was: its access token must outlast all of them.
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
    // Nothing is looked at while it moves.
    reducedMotion: 'reduce',
  }
}
