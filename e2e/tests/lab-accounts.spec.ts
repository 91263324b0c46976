import type { BrowserContext, Page } from '@playwright/test'
import { apiError } from '../support/answers.ts'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import type { Origin } from '../support/origin.ts'
import { ADA, goTo, GRACE, passwordField, signIn, signInAgain, signOut, signUp, welcome } from '../support/people.ts'
import { storedSession } from '../support/stored-session.ts'

const CHANGE = { method: 'PATCH', path: '/api/me' }
const PASSWORD = { method: 'POST', path: '/api/me/password' }

// Binding is off: with the browser's key, another browser's cookie could not be used at all.
test.use({ settings: { LATCHKEY_SESSIONS__BIND: 'off' } })

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(httpError(401), CONNECTION_BROKE))

/** Disables all communication between tabs: Web Locks, BroadcastChannel and storage events. */
async function deafen(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Object.defineProperty(navigator, 'locks', { value: undefined })
    Object.defineProperty(window, 'BroadcastChannel', { value: undefined })
    window.addEventListener('storage', (event) => event.stopImmediatePropagation(), true)
  })
}

/** Replaces this browser's cookies by those of another person, who is signed in elsewhere. */
async function takeCookiesOf(other: Page, context: BrowserContext): Promise<void> {
  await context.clearCookies()
  await context.addCookies(await other.context().cookies())
}

async function nameOf(page: Page): Promise<string> {
  const text = await page.evaluate(() => localStorage.getItem('latchkey.session'))
  return (JSON.parse(text ?? '{}') as { account?: { display_name?: string } }).account?.display_name ?? ''
}

/** Returns the display name that the server has. */
async function serverNameOf(page: Page): Promise<string> {
  const { access_token = '' } = await storedSession(page)
  const answer = await page.request.get('/api/me', { headers: { authorization: `Bearer ${access_token}` } })
  return ((await answer.json()) as { display_name: string }).display_name
}

async function saveName(page: Page, name: string): Promise<void> {
  await goTo(page, 'Profile')
  await page.getByRole('main').getByLabel('Display name').fill(name)
  await page.getByRole('button', { name: 'Save' }).click()
}

async function graceElsewhere(anotherBrowser: () => Promise<BrowserContext>): Promise<Page> {
  const elsewhere = await (await anotherBrowser()).newPage()
  await signUp(elsewhere, GRACE)
  return elsewhere
}

test('a cookie that has become another account’s brings that one neither into the page nor into a call of this one', async ({
  page,
  context,
  origin,
  anotherBrowser,
}) => {
  const grace = await graceElsewhere(anotherBrowser)
  await signUp(page, ADA)
  await takeCookiesOf(grace, context)
  const change = origin.faults.on(CHANGE, apiError(401, 'token_expired'), 1)
  await saveName(page, 'Augusta Ada King')
  await expect(signInAgain(page)).toContainText(ADA.email)
  await expect(page.getByText(GRACE.name)).toHaveCount(0)
  expect(change.hits).toBe(1)
  expect(origin.seen(CHANGE), 'the call waits for Ada').toHaveLength(1)
  await passwordField(signInAgain(page)).fill(ADA.password)
  await signInAgain(page).getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  expect(await nameOf(page)).toBe('Augusta Ada King')
  expect(await serverNameOf(grace)).toBe(GRACE.name)
})

test('whoever the cookie belongs to is signed in when the page starts anew', async ({ page, context, origin, anotherBrowser }) => {
  const grace = await graceElsewhere(anotherBrowser)
  await signUp(page, ADA)
  await takeCookiesOf(grace, context)
  origin.faults.on({ method: 'GET', path: '/api/me/sessions' }, apiError(401, 'token_expired'), 1)
  await goTo(page, 'Sessions')
  await expect(signInAgain(page)).toBeVisible()
  await page.goto('/')
  await expect(welcome(page, GRACE)).toBeVisible()
})

/** Requests that can be pending while another person signs in in another tab of the browser. */
const UNDER_WAY: Record<string, { call: { method: string; path: string }; act: (page: Page) => Promise<void> }> = {
  'a changed name': { call: CHANGE, act: (page) => saveName(page, 'Augusta Ada King') },
  'a changed password': {
    call: PASSWORD,
    act: async (page) => {
      await goTo(page, 'Security')
      await page.getByLabel('Current password').fill(ADA.password)
      await page.getByLabel('New password').fill('difference engine 1822')
      await page.getByRole('button', { name: 'Change password' }).click()
    },
  },
  'an export': {
    call: { method: 'GET', path: '/api/me/export' },
    act: async (page) => {
      await goTo(page, 'Security')
      await page.getByRole('button', { name: 'Export my data' }).click()
    },
  },
  'a list': { call: { method: 'GET', path: '/api/me/sessions' }, act: (page) => goTo(page, 'Sessions') },
}

for (const deaf of [false, true]) {
  for (const [what, { call, act }] of Object.entries(UNDER_WAY)) {
    const tabs = deaf ? 'tabs that hear nothing of one another' : 'tabs'
    test(`${what} that is refused after somebody else has signed in is not sent again: two ${tabs}`, async ({
      page,
      context,
      origin,
      anotherBrowser,
    }) => {
      if (deaf) await deafen(context)
      await graceElsewhere(anotherBrowser)
      await signUp(page, ADA)
      const second = await context.newPage()
      await second.goto('/')
      await expect(welcome(second, ADA)).toBeVisible()
      const release = await holdBack(page, origin, call)
      await act(page)
      await expect.poll(() => origin.seen(call).length + release.held()).toBeGreaterThan(0)
      await signOut(second)
      await signIn(second, GRACE)
      await expect(welcome(second, GRACE)).toBeVisible()
      release.now()
      await expect.poll(() => release.httpError()).toBe(1)
      // The page must work, whoever is signed in by now, and none of Ada's requests may have been sent with Grace's
      // token: a retry would have been sent by the time that the page is Grace's and has the list of her sessions.
      await page.bringToFront()
      await goTo(page, 'Sessions')
      await expect(page.getByText('This session')).toBeVisible()
      await expect.poll(() => nameOf(page)).toBe(GRACE.name)
      // Once the page is Grace's, it requests the list of her sessions.
      const [first, ...later] = release.sentFor()
      expect(first, 'in whose name the call went out').toBe(ADA.email)
      expect(later.filter((sender) => call.method !== 'GET' || sender !== GRACE.email)).toEqual([])
      expect(await serverNameOf(second)).toBe(GRACE.name)
      await expect(second.getByRole('dialog')).toHaveCount(0)
    })
  }
}

/** Blocks a request in the browser until it is released; then it is refused, as for an expired token. */
async function holdBack(page: Page, origin: Origin, { method, path }: { method: string; path: string }) {
  const senders: string[] = []
  let answeredCount = 0
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  await page.route(`${origin.url}${path}`, async (route) => {
    if (route.request().method() !== method) return route.continue()
    const whose = await owner(page, origin, route.request().headers().authorization ?? '')
    senders.push(whose)
    if (senders.length > 1) return route.continue()
    await opened
    const { status, body, headers } = apiError(401, 'token_expired') as { status: number; body: string; headers: Record<string, string> }
    await route.fulfill({ status, body, headers })
    answeredCount += 1
  })
  return { now: () => open(), held: () => senders.length, httpError: () => answeredCount, sentFor: () => senders }
}

/** Returns the email of the account that the token belongs to. */
async function owner(page: Page, origin: Origin, authorization: string): Promise<string> {
  const answer = await page.request.get(`${origin.url}/api/me`, { headers: { authorization } })
  return ((await answer.json()) as { email: string }).email
}
