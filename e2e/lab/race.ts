import { expect, type BrowserContext, type Page } from '@playwright/test'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import { Rng, SEED } from '../support/rng.ts'
import type { Latchkey } from '../support/fixtures.ts'
import { TAB, type Exchange } from '../support/origin.ts'
import type { Settings } from '../support/server.ts'
import { ADA, bar, linkTo, signInAgain, signUp, welcome } from '../support/people.ts'
import { refreshFromElsewhere, refreshToken, storedSession } from '../support/stored-session.ts'
import { observations, startObserver, type Observations } from './observer.ts'

/** One row of the table. */
export interface Scenario {
  tabs: number
  /** How likely the answer to any call is lost after the server has acted. */
  lost: number
  /** Whether a call whose answer is lost gets one when it is sent again. */
  sparesRetries?: boolean
  /** Up to how many milliseconds a request, and again its answer, is late. */
  jitter: number
  /** Whether the browser lets tabs take turns (Web Locks): nothing may depend on it. */
  locks: boolean
  /** Whether the session is bound to the browser's key; then a copy of its cookie harms nobody. */
  keyed?: boolean
  /** When enough has been seen. */
  refreshes: number
  /** At the latest, in milliseconds. */
  timeout: number
}

/** What one row came to. */
export interface Outcome extends Observations {
  /** Calls of any kind that the page sent. */
  calls: number
  /** How many of their answers were lost. */
  lost: number
  /** How many failures a person may have seen at most: a call is sent again at least once before it shows. */
  allowedFailures: number
  /** How many refreshes lost their answer and were not sent again: a person is told after three seconds in any case. */
  givenUp: number
  refreshes: number
  /** How often the refresh token was really replaced. */
  rotations: number
  /** What a copy of a spent refresh token is answered at the end. */
  stolen: string
  /** How many milliseconds later the last tab asks for the password, each being used; none where nobody is harmed. */
  noticed: number
}

/** Lets the server bind the session to the browser's key. */
export const KEYED_SETTINGS: Settings = {
  LATCHKEY_TOKENS__ACCESS_LIFETIME: '2s',
  LATCHKEY_TOKENS__REFRESH_GRACE: '2s',
}

/**
 * The page uses a token of two seconds for one, and refreshes every 0.8 seconds. The grace time is as short: a spent refresh
 * token is proof of theft two seconds later, so every mistake of the page would end the session.
 * The browser's key would cover such mistakes: it stays out.
 */
export const SETTINGS: Settings = { ...KEYED_SETTINGS, LATCHKEY_SESSIONS__BIND: 'off' }

/** What the browser notes on the way. */
export const EXPECTED = [httpError(401), CONNECTION_BROKE]

/** How long, in milliseconds, the page sends a call again whose answer it has lost. */
const LONGEST_TRY = 3_000

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }
const API = { path: /^\/api\// }
const LINKS = ['Home', 'Profile', 'Security', 'Sessions', 'Token'] as const

/** Lets every tab of one browser be used at once, while the network does its worst; then lets a thief try his copy. */
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

/** Nobody sees a failure that a single lost answer has brought about; where none is lost, none at all. */
export function expectNoNeedlessFailure({ errors, bars, allowedFailures, givenUp }: Outcome): void {
  expect(errors.length, `with an excuse: ${errors.join()}`).toBeLessThanOrEqual(allowedFailures)
  expect(bars.length, `bars with an excuse: ${bars.join()}`).toBeLessThanOrEqual(allowedFailures + givenUp)
}

/** How many of these lost their answer, and were not sent again by their tab within the time that the page takes for it. */
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

/** A person who clicks from page to page; somebody who is signed out stops. */
async function beUsed(tab: Page, rng: Rng, enough: () => boolean): Promise<void> {
  while (!enough() && (await observations([tab])).signOuts === 0) {
    await click(tab, rng.pick(LINKS))
    await tab.waitForTimeout(rng.between(50, 250))
  }
}

/** As the newest access token says it. */
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
  // The dialog of another tab may come before the click, and then be in its way: nobody waits for that click.
  for (const tab of tabs) void linkTo(tab, 'Sessions').click({ timeout: 20_000 }).catch(() => undefined)
  await Promise.all(tabs.map((tab) => expect(signInAgain(tab)).toContainText('ended for safety')))
  return { stolen, noticed: Date.now() - start }
}

/** The copy is refused, and the owner's tabs go on. */
async function vainTheft(tabs: Page[], url: string, token: string): Promise<{ stolen: string; noticed: number; signOuts: number }> {
  const stolen = await refreshFromElsewhere(url, token)
  for (const tab of tabs) {
    for (const link of ['Profile', 'Sessions']) await click(tab, link)
    await expect(tab.getByText('This session')).toBeVisible()
  }
  const { signOuts } = await observations(tabs)
  return { stolen, noticed: 0, signOuts }
}

/** Goes to a page by its link, unless the dialog that asks for the password is in the way. */
async function click(tab: Page, link: string): Promise<void> {
  const clicked = linkTo(tab, link).click({ timeout: 20_000 })
  await clicked.catch(async (error: unknown) => {
    if ((await observations([tab])).signOuts === 0) throw error
  })
}
