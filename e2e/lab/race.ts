import { expect, type BrowserContext, type Page } from '@playwright/test'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import { Rng, SEED } from '../support/rng.ts'
import type { Latchkey } from '../support/fixtures.ts'
import { TAB, type Exchange } from '../support/origin.ts'
import type { Settings } from '../support/server.ts'
import { ADA, bar, linkTo, signInAgain, signUp, welcome } from '../support/people.ts'
import { refreshFromElsewhere, refreshToken, storedSession } from '../support/stored-session.ts'
import { observations, startObserver, type Observations } from './observer.ts'

/** Parameters of one row of the table. */
export interface Scenario {
  tabs: number
  /** Probability that the response to a request is lost after the server has acted. */
  lost: number
  /** True if the retry of a request whose response was lost gets its response. */
  sparesRetries?: boolean
  /** Maximum delay of a request, and again of its response, in milliseconds. */
  jitter: number
  /** True if the browser has the Web Locks API; nothing may depend on it. */
  locks: boolean
  /** True if the session is bound to the browser's key; then a copy of its cookie is useless. */
  keyed?: boolean
  /** Number of refreshes after which the run ends. */
  refreshes: number
  /** Maximum duration of the run, in milliseconds. */
  timeout: number
}

/** Results of one row. */
export interface Outcome extends Observations {
  /** Number of API requests that the page sent. */
  calls: number
  /** Number of responses that were lost. */
  lost: number
  /** Maximum number of failures that a person may have seen: a request is retried at least once before it shows. */
  allowedFailures: number
  /** Number of refreshes that lost their response and were not retried: the page reports that after three seconds. */
  givenUp: number
  refreshes: number
  /** Number of times that the refresh token was really replaced. */
  rotations: number
  /** Error code with which a copy of a spent refresh token is refused at the end. */
  stolen: string
  /** Milliseconds until the last tab asks for the password, with each in use; 0 if the theft has no effect. */
  noticed: number
}

/** Server settings under which the session is bound to the browser's key. */
export const KEYED_SETTINGS: Settings = {
  LATCHKEY_TOKENS__ACCESS_LIFETIME: '2s',
  LATCHKEY_TOKENS__REFRESH_GRACE: '2s',
}

/**
 * Server settings without the browser's key. The page uses an access token of two seconds for one second, and refreshes
 * every 0.8 seconds. The grace time is as short: two seconds later, a spent refresh token is proof of theft, so every
 * mistake of the page would end the session. The browser's key would hide such mistakes, so binding is off.
 */
export const SETTINGS: Settings = { ...KEYED_SETTINGS, LATCHKEY_SESSIONS__BIND: 'off' }

/** Console errors that the browser logs meanwhile. */
export const EXPECTED = [httpError(401), CONNECTION_BROKE]

/** Time in milliseconds during which the page retries a request whose response was lost. */
const LONGEST_TRY = 3_000

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }
const API = { path: /^\/api\// }
const LINKS = ['Home', 'Profile', 'Security', 'Sessions', 'Token'] as const

/** Uses all tabs of one browser at once on a faulty network; then sends a stolen copy of the refresh token. */
export async function race(
  context: BrowserContext,
  { origin, server }: Latchkey,
  scenario: Scenario,
  round = 0,
): Promise<Outcome> {
  const seed = SEED + round
  origin.faults.rng = new Rng(seed)
  if (!scenario.locks) await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }))
  const tabs = await open(context, scenario.tabs)
  const stolen = await refreshToken(context)
  const start = { calls: origin.seen(API).length, refreshes: origin.seen(REFRESH).length }
  const generation = await currentGeneration(tabs)
  origin.faults.on(API, { kind: 'jitter', milliseconds: scenario.jitter })
  const loss = origin.faults.on(API, { kind: 'lose the answer' }, Infinity, scenario.lost)
  if (scenario.sparesRetries) loss.sparingRetries()
  const refreshes = () => origin.seen(REFRESH).length - start.refreshes

  const deadline = Date.now() + scenario.timeout
  const enough = () => refreshes() >= scenario.refreshes || Date.now() > deadline
  await Promise.all(tabs.map((tab, index) => beUsed(tab, new Rng(seed * 100 + index), enough)))

  loss.lift()
  await Promise.all(tabs.map((tab) => expect(bar(tab)).toBeEmpty()))
  const seen = await observations(tabs)
  const outcome = {
    ...seen,
    calls: origin.seen(API).length - start.calls,
    lost: loss.hits,
    allowedFailures: loss.runsOf(2),
    givenUp: givenUp(origin.seen(REFRESH).slice(start.refreshes)),
    refreshes: refreshes(),
    rotations: (await currentGeneration(tabs)) - generation,
  }
  const url = `http://127.0.0.1:${server.port}`
  if (scenario.keyed) return { ...outcome, ...(await vainTheft(tabs, url, stolen)) }
  return { ...outcome, ...(await theft(tabs, url, stolen)) }
}

/** Asserts that no failure is visible that a single lost response has caused; without lost responses, none at all. */
export function expectNoNeedlessFailure({ errors, bars, allowedFailures, givenUp }: Outcome): void {
  expect(errors.length, `with an excuse: ${errors.join()}`).toBeLessThanOrEqual(allowedFailures)
  expect(bars.length, `bars with an excuse: ${bars.join()}`).toBeLessThanOrEqual(allowedFailures + givenUp)
}

/** Returns the number of refreshes that lost their response and were not retried by their tab within `LONGEST_TRY`. */
function givenUp(refreshes: Exchange[]): number {
  const lost = refreshes.filter(({ faults }) => faults.some(({ kind }) => kind === 'lose the answer'))
  const isSentAgain = ({ tab, at }: Exchange) =>
    refreshes.some((later) => later.tab === tab && later.at > at && later.at <= at + LONGEST_TRY)
  return lost.filter((exchange) => !isSentAgain(exchange)).length
}

async function open(context: BrowserContext, count: number): Promise<Page[]> {
  const first = await context.newPage()
  await signUp(first, ADA)
  const tabs = [first]
  while (tabs.length < count) {
    const tab = await context.newPage()
    await tab.goto('/')
    await expect(welcome(tab, ADA)).toBeVisible()
    tabs.push(tab)
  }
  await Promise.all(tabs.map(startObserver))
  await Promise.all(tabs.map((tab, index) => tab.setExtraHTTPHeaders({ [TAB]: `${index}` })))
  return tabs
}

/** Clicks from page to page at random, as a person does, until there is enough data or the tab is signed out. */
async function beUsed(tab: Page, rng: Rng, enough: () => boolean): Promise<void> {
  while (!enough() && (await observations([tab])).signOuts === 0) {
    await click(tab, rng.pick(LINKS))
    await tab.waitForTimeout(rng.between(50, 250))
  }
}

/** Returns the session's generation, from the newest access token; NaN without one. */
async function currentGeneration(tabs: Page[]): Promise<number> {
  const { access_token = '' } = tabs[0] ? await storedSession(tabs[0]) : {}
  const [, payload = ''] = access_token.split('.')
  if (!payload) return Number.NaN
  const { gen } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { gen: number }
  return gen
}

async function theft(tabs: Page[], url: string, token: string): Promise<{ stolen: string; noticed: number }> {
  const stolen = await refreshFromElsewhere(url, token)
  const start = Date.now()
  // The dialog may appear before the click and block it, since another tab was first: the click is not awaited.
  for (const tab of tabs) void linkTo(tab, 'Sessions').click({ timeout: 20_000 }).catch(() => undefined)
  await Promise.all(tabs.map((tab) => expect(signInAgain(tab)).toContainText('ended for safety')))
  return { stolen, noticed: Date.now() - start }
}

/** Sends the copy, which is refused, and asserts that the owner's tabs still work. */
async function vainTheft(tabs: Page[], url: string, token: string): Promise<{ stolen: string; noticed: number; signOuts: number }> {
  const stolen = await refreshFromElsewhere(url, token)
  for (const tab of tabs) {
    for (const link of ['Profile', 'Sessions']) await click(tab, link)
    await expect(tab.getByText('This session')).toBeVisible()
  }
  const { signOuts } = await observations(tabs)
  return { stolen, noticed: 0, signOuts }
}

/** Goes to a page by its link, unless the dialog that asks for the password blocks it. */
async function click(tab: Page, link: string): Promise<void> {
  const clicked = linkTo(tab, link).click({ timeout: 20_000 })
  await clicked.catch(async (error: unknown) => {
    if ((await observations([tab])).signOuts === 0) throw error
  })
}
