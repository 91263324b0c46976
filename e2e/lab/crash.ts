import { expect, type BrowserContext, type Page } from '@playwright/test'
import { apiError } from '../support/answers.ts'
import type { Latchkey } from '../support/fixtures.ts'
import { hasOnDisk, KillableBrowser, newProfile, removeProfile } from '../support/killable.ts'
import { ADA, fillInSignUp, goTo, heading, welcome } from '../support/people.ts'
import { refreshToken, storedSession } from '../support/stored-session.ts'
import type { Settings } from '../support/server.ts'
import { observations, startObserver } from './observer.ts'

/** Outcome of one simulated crash. */
export interface CrashOutcome {
  /** True if the cookie on the disk was one rotation old; otherwise the run proves nothing. */
  wasOld: boolean
  /** Number of times that the page asked for the password. */
  signOuts: number
  /** Text of the dialog that was open then. */
  said: string
  /** True if the same session continued. */
  sameSession: boolean
}

/**
 * Settings for a crash. An access token lasts much longer than a crash takes, so that exactly one rotation is lost. The
 * grace time has ended by then: a refresh token whose successor was used counts as stolen, unless the browser's key
 * proves otherwise.
 */
export const CRASH_SETTINGS: Settings = { LATCHKEY_TOKENS__ACCESS_LIFETIME: '10m', LATCHKEY_TOKENS__REFRESH_GRACE: '1s' }

const LIST = { method: 'GET', path: '/api/me/sessions' }
const GRACE = 1_500
const ROUNDS = 4

/**
 * Kills a browser with SIGKILL seconds after a refresh, and starts it again with the same profile. Chromium writes
 * cookies to the disk only every 30 seconds, so its cookie is that of the previous generation.
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
    // On a slow machine, the cookie may have been written to the disk before the kill: then another round is needed.
    for (let round = 0; round < ROUNDS && !wasOld; round += 1) {
      const written = await refreshToken(browser.context)
      await refreshAndUse(again, origin)
      expect(await refreshToken(browser.context), 'the page has traded its cookie').not.toBe(written)
      // The successor has been used, and the grace time ends: without a key, the older token would count as stolen.
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

/** Signs up at an absolute URL: this browser has no base URL. */
async function signUpAt(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/signup`)
  await fillInSignUp(page, ADA)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(welcome(page, ADA)).toBeVisible()
}

/** Makes the page refresh its token, by an injected 401 for the current one, and use the next one. */
async function refreshAndUse(page: Page, origin: Latchkey['origin']): Promise<void> {
  const refused = origin.faults.on(LIST, apiError(401, 'token_expired'), 1)
  await goTo(page, 'Sessions')
  await expect(heading(page, 'Sessions')).toBeVisible()
  await expect(page.getByText('This session')).toBeVisible()
  expect(refused.hits).toBe(1)
}

/** Returns the refresh token that the browser has read from the disk, or `none`. */
async function heldToken(context: BrowserContext): Promise<string> {
  return refreshToken(context).catch(() => 'none')
}
