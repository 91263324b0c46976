import type { BrowserContext } from '@playwright/test'
import { apiError } from '../support/answers.ts'
import { httpError } from '../support/console-errors.ts'
import { end, expect, serve, test } from '../support/fixtures.ts'
import { ADA, goTo, heading, signIn, signInAgain, signOut, signUp, welcome } from '../support/people.ts'
import { closeBrowser, refreshFromElsewhere } from '../support/stored-session.ts'

const BOB = { ...ADA, name: 'Bob', email: 'bob@example.org' }

async function refreshCookies(context: BrowserContext) {
  return (await context.cookies()).filter(({ name }) => name.includes('latchkey_refresh'))
}

async function refreshCookie(context: BrowserContext) {
  const [cookie] = await refreshCookies(context)
  if (!cookie) throw new Error('the browser holds no refresh token')
  return cookie
}

test('what scripts have stored is deleted, and the mark that the server set brings the session back', async ({ page, context }) => {
  // WebKit deletes cookies that scripts have set after a week; in this test, scripts cannot set cookies at all.
  await context.addInitScript(() => {
    const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie')
    Object.defineProperty(document, 'cookie', { get: () => cookie?.get?.call(document) as string, set: () => {} })
  })
  await signUp(page, ADA)
  for (const path of ['/', '/account/profile']) {
    await page.evaluate(() => {
      localStorage.clear()
      sessionStorage.clear()
    })
    await page.goto(path)
    await expect(page.getByRole('button', { name: 'Account menu' })).toBeVisible()
  }
})

test('a stale cookie of another path neither signs out nor outlives the sign-out', async ({ page, context, origin }) => {
  await signUp(page, ADA)
  const first = await refreshCookie(context)
  for (const path of ['/', '/api']) {
    await context.addCookies([{ name: first.name, value: first.value, domain: first.domain, path }])
  }
  for (let visit = 0; visit < 3; visit += 1) {
    // Without an access token, the page has to use its cookies.
    await page.evaluate(() => localStorage.clear())
    await page.reload()
    await expect(welcome(page, ADA)).toBeVisible()
  }
  const { value } = (await refreshCookies(context)).find(({ path }) => path === '/api/auth') ?? first
  await signOut(page)
  await expect(heading(page, 'Sign in')).toBeVisible()
  await expect.poll(() => refreshFromElsewhere(origin.url, value)).toBe('session_ended')
  expect(await refreshCookies(context)).toEqual([])
})

test('cookies of two accounts are not guessed at, and signing in puts an end to them', async ({
  page,
  context,
  origin,
  anotherBrowser,
  consoleErrors,
}) => {
  consoleErrors.expect(httpError(401, '/api/auth/refresh'))
  const other = await anotherBrowser()
  await signUp(await other.newPage(), BOB)
  const theirs = await refreshCookie(other)
  await signUp(page, ADA)
  await context.addCookies([{ name: theirs.name, value: theirs.value, domain: theirs.domain, path: '/' }])
  // In an open page as at the start, the message must not claim that the session was unused for too long.
  consoleErrors.expect(httpError(401, '/api/me/sessions'))
  origin.faults.on({ method: 'GET', path: '/api/me/sessions' }, apiError(401, 'token_expired'), 1)
  await goTo(page, 'Sessions')
  await expect(signInAgain(page)).toContainText('Your session has ended.')
  await expect(signInAgain(page)).not.toContainText('not used')
  await page.evaluate(() => localStorage.clear())
  await page.goto('/')
  await expect(heading(page, 'Sign in')).toBeVisible()
  await expect(page.getByText('not used')).toHaveCount(0)
  await signIn(page, ADA)
  await expect(welcome(page, ADA)).toBeVisible()
  await page.evaluate(() => localStorage.clear())
  await page.reload()
  await expect(welcome(page, ADA)).toBeVisible()
})

for (const value of ['1', 'passing', 'leaving']) {
  test(`the mark “${value}” of an installation at the usual port keeps nobody signed in here when the browser is closed`, async ({
    page,
    context,
    origin,
    consoleErrors,
  }) => {
    // An earlier version of the page set `passing` for a session that ends with the browser: the page tries a refresh.
    const asked = value === 'passing' ? 1 : 0
    if (asked) consoleErrors.expect(httpError(401))
    const expires = Math.floor(Date.now() / 1000) + 86_400
    await context.addCookies([{ name: 'latchkey_hint', value, url: origin.url, sameSite: 'Strict', expires }])
    await signUp(page, ADA)
    await signOut(page)
    await page.getByLabel('Keep me signed in').uncheck()
    await signIn(page, ADA)
    await expect(welcome(page, ADA)).toBeVisible()
    await closeBrowser(context)
    const next = await context.newPage()
    await next.goto('/account/profile')
    // The outline has the same heading, before the page has asked for anything.
    await expect(next.locator('#shell')).toHaveCount(0)
    await expect(heading(next, 'Sign in')).toBeVisible()
    await expect(next.getByText(ADA.name)).toHaveCount(0)
    expect(await next.evaluate(() => localStorage.getItem('latchkey.session'))).toBeNull()
    await expect.poll(() => origin.seen({ path: '/api/auth/refresh' }).length).toBe(asked)
  })
}

test('a session that goes with the browser outlasts the change of its mark’s name', async ({ page, context, origin }) => {
  await signUp(page, ADA)
  await signOut(page)
  await page.getByLabel('Keep me signed in').uncheck()
  await signIn(page, ADA)
  await expect(welcome(page, ADA)).toBeVisible()
  // The cookies are as an earlier version of the page and of the server left them.
  const marks = (await context.cookies()).filter(({ name }) => name.startsWith('latchkey_hint'))
  for (const { name } of marks) await context.clearCookies({ name })
  await context.addCookies([{ name: 'latchkey_hint', value: 'passing', url: origin.url, sameSite: 'Strict' }])
  await page.goto('/account/profile')
  await expect(page.getByRole('main').getByLabel('Display name')).toHaveValue(ADA.name)
})

test('two installations on one host keep to their own sessions', async ({ page, context }) => {
  const second = await serve({})
  const there = await context.newPage()
  try {
    await signUp(page, ADA)
    await there.goto(second.origin.url)
    await expect(heading(there, 'Sign in')).toBeVisible()
    await there.goto(`${second.origin.url}/signup`)
    await there.getByLabel('Email').fill(BOB.email)
    await there.getByLabel('Display name').fill(BOB.name)
    await there.getByLabel('Password', { exact: true }).fill(BOB.password)
    await there.getByRole('button', { name: 'Create account' }).click()
    await expect(welcome(there, BOB)).toBeVisible()
    for (const [tab, person] of [[page, ADA], [there, BOB]] as const) {
      await tab.evaluate(() => localStorage.clear())
      await tab.reload()
      await expect(welcome(tab, person)).toBeVisible()
    }
    await signOut(there)
    await page.evaluate(() => localStorage.clear())
    await page.reload()
    await expect(welcome(page, ADA)).toBeVisible()
  } finally {
    await there.close()
    await end(second)
  }
})
