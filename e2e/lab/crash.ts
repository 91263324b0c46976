import { expect, type BrowserContext, type Page } from '@playwright/test'
import { apiError } from '../support/answers.ts'
import type { Latchkey } from '../support/fixtures.ts'
import { hasOnDisk, KillableBrowser, newProfile, removeProfile } from '../support/killable.ts'
import { ADA, fillInSignUp, goTo, heading, welcome } from '../support/people.ts'
import { refreshToken, storedSession } from '../support/stored-session.ts'
import type { Settings } from '../support/server.ts'
import { observations, startObserver } from './observer.ts'

/** What one crash came to. */
export interface CrashOutcome {
  /** Whether the cookie on the disk was one rotation old: else nothing has been shown. */
  wasOld: boolean
  /** How often somebody was asked for the password. */
  signOuts: number
  /** What the page said then. */
  said: string
  /** Whether the same session went on. */
  sameSession: boolean
}

/**
 * A token lasts much longer than a crash takes, so that one rotation is lost and no more; the grace time is over by then: a
 * refresh token whose successor was used is a copy, unless the browser's key says otherwise.
 */
export const CRASH_SETTINGS: Settings = { LATCHKEY_TOKENS__ACCESS_LIFETIME: '10m', LATCHKEY_TOKENS__REFRESH_GRACE: '1s' }

const LIST = { method: 'GET', path: '/api/me/sessions' }
const GRACE = 1_500
const ROUNDS = 4

/**
 * Kills a browser with `kill -9` seconds after a refresh, and starts it again with the same profile. Chromium writes cookies
 * to the disk every half minute only: its cookie is that of the generation before.
 */
export async function crash({ origin }: Latchkey): Promise<CrashOutcome> {
  const profile = await newProfile()
  let browser = await KillableBrowser.start(profile)
  try {
    const page = await browser.context.newPage()
    await signUpAt(page, origin.url)
    await expect.poll(() => hasOnDisk(profile, 'latchkey_refresh'), { timeout: 120_000, intervals: [250] }).toBe(true)
    const { sid } = await storedSession(page)
    let again = page
    let wasOld = false
    // On a machine that stalls, the cookie may have been written down before the browser was killed: then once more.
    for (let round = 0; round < ROUNDS && !wasOld; round += 1) {
      const written = await refreshToken(browser.context)
      await refreshAndUse(again, origin)
      expect(await refreshToken(browser.context), 'the page has traded its cookie').not.toBe(written)
      // The successor was seen in use, and the grace time ends: without a key, only a thief comes with the older one.
      await again.waitForTimeout(GRACE)
      await browser.kill()
      browser = await KillableBrowser.start(profile)
      wasOld = (await heldToken(browser.context)) === written
      again = await browser.context.newPage()
      await again.goto(`${origin.url}/account/profile`)
      await expect(heading(again, 'Profile')).toBeVisible()
    }
    await startObserver(again)
    const refused = origin.faults.on(LIST, apiError(401, 'token_expired'), 1)
    await goTo(again, 'Sessions').catch(() => undefined)
    await expect(again.getByText('This session').or(again.locator('dialog[open]')).first()).toBeVisible()
    expect(refused.hits).toBe(1)
    const { signOuts } = await observations([again])
    const said = (await again.locator('dialog[open]').allTextContents()).join(' ')
    return { wasOld, signOuts, said, sameSession: (await storedSession(again)).sid === sid }
  } finally {
    await browser.kill()
    await removeProfile(profile)
  }
}

/** Signs up at an absolute address: this browser knows no base. */
async function signUpAt(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/signup`)
  await fillInSignUp(page, ADA)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(welcome(page, ADA)).toBeVisible()
}

/** Has the page replace its token, as the server seems to refuse the one in hand, and use the next one. */
async function refreshAndUse(page: Page, origin: Latchkey['origin']): Promise<void> {
  const refused = origin.faults.on(LIST, apiError(401, 'token_expired'), 1)
  await goTo(page, 'Sessions')
  await expect(heading(page, 'Sessions')).toBeVisible()
  await expect(page.getByText('This session')).toBeVisible()
  expect(refused.hits).toBe(1)
}

/** The refresh token that the browser has read from the disk. */
async function heldToken(context: BrowserContext): Promise<string> {
  return refreshToken(context).catch(() => 'none')
}
