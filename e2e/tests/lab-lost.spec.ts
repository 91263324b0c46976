import type { BrowserContext, Page } from '@playwright/test'
import { observations, startObserver } from '../lab/observer.ts'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import type { Match } from '../support/faults.ts'
import { expect, test } from '../support/fixtures.ts'
import type { Origin } from '../support/origin.ts'
import { ADA, fillInSignUp, goTo, heading, passwordField, signIn, signInElsewhere, signOut, signUp, welcome, signOutElsewhere } from '../support/people.ts'
import { storedSession } from '../support/stored-session.ts'

const NEW_PASSWORD = 'difference engine 1822'

/** Action of a person, the response to which is lost. */
interface Act {
  call: Match
  /** Prepares the page for the action. */
  prepare: (page: Page, anotherBrowser: () => Promise<BrowserContext>) => Promise<void>
  /** Sends the request. */
  act: (page: Page) => Promise<void>
  /** Asserts that the success is visible. */
  done: (page: Page) => Promise<void>
}

const ACTS: Record<string, Act> = {
  'saving the profile': {
    call: { method: 'PATCH', path: '/api/me' },
    prepare: async (page) => {
      await signUp(page, ADA)
      await goTo(page, 'Profile')
      await page.getByRole('main').getByLabel('Display name').fill('Augusta Ada King')
    },
    act: (page) => page.getByRole('button', { name: 'Save' }).click(),
    done: (page) => expect(page.getByText('Saved.')).toBeVisible(),
  },

  'ending another session': {
    call: { method: 'DELETE', path: /^\/api\/me\/sessions\// },
    prepare: async (page, anotherBrowser) => {
      await signUp(page, ADA)
      await signInElsewhere(await anotherBrowser(), ADA)
      await goTo(page, 'Sessions')
      await expect(page.getByRole('button', { name: /^End/ })).toHaveCount(1)
    },
    act: (page) => page.getByRole('button', { name: /^End/ }).click(),
    done: (page) => expect(page.getByText('You are signed in nowhere else.')).toBeVisible(),
  },

  'ending all other sessions': {
    call: { method: 'DELETE', path: '/api/me/sessions' },
    prepare: async (page, anotherBrowser) => {
      await signUp(page, ADA)
      await signInElsewhere(await anotherBrowser(), ADA)
      await goTo(page, 'Sessions')
    },
    act: signOutElsewhere,
    done: (page) => expect(page.getByText('You are signed in nowhere else.')).toBeVisible(),
  },

  'signing in': {
    call: { method: 'POST', path: '/api/auth/login' },
    prepare: async (page) => {
      await signUp(page, ADA)
      await signOut(page)
    },
    act: (page) => signIn(page, ADA),
    done: (page) => expect(welcome(page, ADA)).toBeVisible(),
  },

  'signing out': {
    call: { method: 'POST', path: '/api/auth/logout' },
    prepare: (page) => signUp(page, ADA),
    act: signOut,
    done: async (page) => {
      await expect(page.getByText('You signed out.')).toBeVisible()
      await expect.poll(async () => (await storedSession(page)).state).toBe('signed_out')
    },
  },

  'signing up': {
    call: { method: 'POST', path: '/api/auth/signup' },
    prepare: async (page) => {
      await page.goto('/signup')
      await fillInSignUp(page, ADA)
    },
    act: (page) => page.getByRole('button', { name: 'Create account' }).click(),
    done: (page) => expect(welcome(page, ADA)).toBeVisible(),
  },

  'changing the password': {
    call: { method: 'POST', path: '/api/me/password' },
    prepare: async (page) => {
      await signUp(page, ADA)
      await goTo(page, 'Security')
      await page.getByLabel('Current password').fill(ADA.password)
      await page.getByLabel('New password').fill(NEW_PASSWORD)
    },
    act: (page) => page.getByRole('button', { name: 'Change password' }).click(),
    done: async (page) => {
      await expect(page.getByText('Your password is changed.')).toBeVisible()
      await signOut(page)
      await signIn(page, { ...ADA, password: NEW_PASSWORD })
      await expect(welcome(page, ADA)).toBeVisible()
    },
  },

  'deleting the account': {
    call: { method: 'DELETE', path: '/api/me' },
    prepare: async (page) => {
      await signUp(page, ADA)
      await goTo(page, 'Security')
      await page.getByRole('button', { name: 'Delete my account' }).click()
      await passwordField(page.getByRole('dialog')).fill(ADA.password)
    },
    act: (page) => page.getByRole('dialog').getByRole('button', { name: 'Delete my account' }).click(),
    done: async (page) => {
      await expect(heading(page, 'Sign in')).toBeVisible()
      await expect(page.getByText('Your account is deleted.')).toBeVisible()
    },
  },
}

function lose(origin: Origin, call: Match, times: number) {
  return origin.faults.on(call, { kind: 'lose the answer' }, times)
}

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(CONNECTION_BROKE, httpError(401), httpError(404), httpError(409)))

for (const [what, { call, prepare, act, done }] of Object.entries(ACTS)) {
  test(`${what}: when the answer is lost after the server has acted, the person sees success, and no error`, async ({
    page,
    origin,
    anotherBrowser,
  }) => {
    await prepare(page, anotherBrowser)
    await startObserver(page)
    const loss = lose(origin, call, 1)
    await act(page)
    await done(page)
    expect(loss.hits).toBe(1)
    expect(await observations([page])).toMatchObject({ bars: [], errors: [] })
  })
}

for (const what of ['saving the profile', 'signing in', 'signing up', 'changing the password'] as const) {
  const { call, prepare, act } = ACTS[what] as Act
  test(`${what}: when every answer is lost, the person is told so`, async ({ page, origin, anotherBrowser }) => {
    await prepare(page, anotherBrowser)
    const loss = lose(origin, call, Infinity)
    await act(page)
    await expect(page.getByRole('alert')).toContainText('The server cannot be reached')
    // The request is retried twice, or once if a slow machine has used up the time for retries.
    expect([2, 3]).toContain(loss.hits)
  })
}

test('changing the password: who never gets the answer signs in with the new one, and hears of no theft', async ({
  page,
  origin,
}) => {
  await signUp(page, ADA)
  await goTo(page, 'Security')
  await page.getByLabel('Current password').fill(ADA.password)
  await page.getByLabel('New password').fill(NEW_PASSWORD)
  lose(origin, { path: '/api/me/password' }, Infinity)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached')
  // Without the access token, only the refresh cookie from before the change is left.
  await page.evaluate(() => localStorage.removeItem('latchkey.session'))
  await page.goto('/account/profile')
  await expect(heading(page, 'Sign in')).toBeVisible()
  await expect(page.locator('body')).not.toContainText('somebody else')
  await signIn(page, { ...ADA, password: NEW_PASSWORD })
  await expect(heading(page, 'Profile')).toBeVisible()
})

test('after a change of password the other tabs go on with the new tokens', async ({ page, context }) => {
  await signUp(page, ADA)
  const other = await context.newPage()
  await other.goto('/account/profile')
  await expect(heading(other, 'Profile')).toBeVisible()
  await goTo(page, 'Security')
  await page.getByLabel('Current password').fill(ADA.password)
  await page.getByLabel('New password').fill(NEW_PASSWORD)
  const before = await storedSession(page)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('Your password is changed.')).toBeVisible()
  const after = await storedSession(page)
  expect(after).not.toEqual(before)
  await goTo(other, 'Sessions')
  await expect(other.locator('[data-session]')).toHaveCount(1)
  for (const tab of [other, page]) {
    // Without its access token, a tab that starts uses the refresh cookie.
    await tab.evaluate(() => localStorage.removeItem('latchkey.session'))
    await tab.reload()
    await expect(tab.getByRole('navigation', { name: 'Account' })).toBeVisible()
  }
})

test('a wrong password is not tried again in any other way', async ({ page, origin }) => {
  await signUp(page, ADA)
  await goTo(page, 'Security')
  await page.getByLabel('Current password').fill('not her password')
  await page.getByLabel('New password').fill(NEW_PASSWORD)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByRole('alert')).toContainText('password is wrong')
  expect(origin.seen({ path: '/api/me/password' })).toHaveLength(1)
})

test('an address that somebody else has is taken, also when that is learnt at the second try', async ({
  page,
  origin,
  anotherBrowser,
}) => {
  const elsewhere = await (await anotherBrowser()).newPage()
  await signUp(elsewhere, ADA)
  await page.goto('/signup')
  await fillInSignUp(page, { ...ADA, password: 'another engine 1843' })
  lose(origin, { method: 'POST', path: '/api/auth/signup' }, 1)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('alert')).toContainText('exists already')
  await expect(page.getByRole('navigation', { name: 'Account' })).toBeHidden()
})
