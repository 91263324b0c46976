import { expect, type Browser, type BrowserContext, type CDPSession, type Page } from '@playwright/test'
import { impose, type Condition } from './conditions.ts'
import type { StorageState, Name } from './sites.ts'
import { stopwatch, type Timings } from './stopwatch.ts'

/** Measurements by name, in milliseconds, or in bytes where the name says so. */
export type Figures = Record<string, number>

/** Loads the sign-in page twice: first with an empty cache, then with a warm one. */
export async function firstLoads(browser: Browser, site: Name, url: string, condition: Condition): Promise<Figures> {
  const context = await newContext(browser)
  const figures: Figures = {}
  for (const cache of ['cold', 'warm']) {
    const { page, traffic } = await newPage(context, condition)
    await page.goto(`${url}/login`, { waitUntil: 'load' })
    if (site === 'page') await page.waitForFunction(() => (window as unknown as TimedWindow).timings.started > 0)
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0)
    await traffic.rests()
    const { typable, started, painted } = await page.evaluate(() => {
      const [paint] = performance.getEntriesByName('first-contentful-paint')
      return { ...(window as unknown as TimedWindow).timings, painted: paint?.startTime ?? NaN }
    })
    figures[`first contentful paint, ${cache}`] = painted
    // Nobody can type into a field that is not on the screen yet.
    figures[`typed text accepted, ${cache}`] = Math.max(typable, painted)
    figures[`submit works, ${cache}`] = Math.max(typable, painted, started)
    figures[`bytes, ${cache}`] = traffic.bytes
    await page.close()
  }
  await context.close()
  return figures
}

/** Navigates between two pages, signed in. */
export async function changes(browser: Browser, url: string, storageState: StorageState, condition: Condition): Promise<Figures> {
  const context = await newContext(browser, storageState)
  const { page, traffic } = await newPage(context, condition)
  await page.goto(`${url}/account/profile`)
  await expect(page.locator(PROFILE.sign)).toBeVisible()
  // The first round trip warms up the styles of both pages.
  for (const place of [SESSIONS, PROFILE]) await goTo(page, place)
  await traffic.rests()
  const figures: Figures = {}
  for (const [name, place] of Object.entries({ sessions: SESSIONS, profile: PROFILE })) {
    const before = traffic.bytes
    figures[`click to the ${name} page`] = await goTo(page, place)
    await traffic.rests()
    figures[`bytes, to the ${name} page`] = traffic.bytes - before
  }
  await context.close()
  return figures
}

interface Place {
  href: string
  /** Selector of an element that exists once the page is drawn. */
  sign: string
}

const SESSIONS: Place = { href: '/account/sessions', sign: '[data-session]' }
const PROFILE: Place = { href: '/account/profile', sign: 'main input[name=display_name]' }

/** Clicks a link of the navigation; returns the time in milliseconds until the page is drawn. */
async function goTo(page: Page, { href, sign }: Place): Promise<number> {
  await page.evaluate((goal) => sessionStorage.setItem('goal', goal), sign)
  await page.evaluate(() => ((window as unknown as TimedWindow).timings.drawn = 0))
  await page.locator(`nav a[href="${href}"]`).click({ noWaitAfter: true })
  await page.waitForFunction(() => (window as unknown as TimedWindow).timings.drawn > 0)
  const { clicked, drawn } = await page.evaluate(() => ({
    clicked: Number(sessionStorage.getItem('clicked')),
    drawn: (window as unknown as TimedWindow).timings.drawn,
  }))
  return drawn - clicked
}

function newContext(browser: Browser, storageState?: StorageState): Promise<BrowserContext> {
  // Motion is off: without a frame rate limit, Chromium does not finish the view transition of the page that is left.
  const options = { locale: 'en-US', viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' } as const
  return browser.newContext({ ...options, ...(storageState && { storageState }) })
}

async function newPage(context: BrowserContext, condition: Condition): Promise<{ page: Page; traffic: Traffic }> {
  const page = await context.newPage()
  await page.addInitScript(stopwatch)
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await impose(devtools, condition)
  return { page, traffic: new Traffic(devtools) }
}

/** Counter of the bytes that the browser receives: encoded bodies and headers. */
class Traffic {
  bytes = 0
  private readonly underWay = new Set<string>()
  private last = Date.now()

  constructor(devtools: CDPSession) {
    devtools.on('Network.requestWillBeSent', ({ requestId }) => this.note(() => this.underWay.add(requestId)))
    devtools.on('Network.loadingFailed', ({ requestId }) => this.note(() => this.underWay.delete(requestId)))
    devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
      this.note(() => {
        this.underWay.delete(requestId)
        this.bytes += encodedDataLength
      }),
    )
  }

  /** Waits until no request has been pending for a while, so that background requests are counted as well. */
  async rests(): Promise<void> {
    const deadline = Date.now() + TIMEOUT
    while (Date.now() < deadline && (this.underWay.size > 0 || Date.now() - this.last < REST)) {
      await new Promise((later) => setTimeout(later, REST / 10))
    }
  }

  private note(what: () => void): void {
    what()
    this.last = Date.now()
  }
}

/** Idle time after which the network counts as quiet, in milliseconds. */
const REST = 400
const TIMEOUT = 10_000

interface TimedWindow {
  timings: Timings
}
