import type { BrowserContext, Page } from '@playwright/test'
import { apiError } from '../support/answers.ts'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import {
  ADA,
  fillInSignUp,
  goTo,
  heading,
  passwordField,
  signIn,
  signOut,
  signUp,
  welcome,
} from '../support/people.ts'
import { closeBrowser, hintCookieName, storedSession } from '../support/stored-session.ts'

const SIGN_UP = { method: 'POST', path: '/api/auth/signup' }

test('a double click signs up once', async ({ page, origin }) => {
  await page.goto('/signup')
  await fillInSignUp(page, ADA)
  // The delay makes the second click come while the first request is pending.
  origin.faults.on(SIGN_UP, { kind: 'delay', milliseconds: 300 })
  await page.getByRole('button', { name: 'Create account' }).dblclick()
  await expect(welcome(page, ADA)).toBeVisible()
  expect(origin.seen(SIGN_UP)).toHaveLength(1)
})

test('a weak password is refused beside its field, in words', async ({ page, consoleErrors }) => {
  consoleErrors.expect(httpError(422))
  await page.goto('/signup')
  await fillInSignUp(page, { ...ADA, password: 'password1234' })
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(passwordField(page)).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByRole('alert')).toHaveText(/\w+ \w+/)
  await expect(page.getByLabel('Email')).toHaveValue(ADA.email)
  await expect(page.getByLabel('Display name')).toHaveValue(ADA.name)
})

test('a taken address is told beside its field', async ({ page, anotherBrowser, consoleErrors }) => {
  consoleErrors.expect(httpError(409))
  await signUp(page, ADA)
  const elsewhere = await (await anotherBrowser()).newPage()
  await elsewhere.goto('/signup')
  await fillInSignUp(elsewhere, { ...ADA, name: 'Another Ada' })
  await elsewhere.getByRole('button', { name: 'Create account' }).click()
  await expect(elsewhere.getByLabel('Email')).toHaveAttribute('aria-invalid', 'true')
  await expect(elsewhere.getByRole('alert')).toBeVisible()
  await expect(elsewhere.getByLabel('Display name')).toHaveValue('Another Ada')
})

test('what the browser can check is not sent', async ({ page, origin }) => {
  await page.goto('/signup')
  await fillInSignUp(page, { name: ' ', email: 'ada', password: 'short' })
  await page.getByRole('button', { name: 'Create account' }).click()
  for (const label of ['Email', 'Display name', 'Password']) {
    await expect(page.getByLabel(label, { exact: true })).toHaveAttribute('aria-invalid', 'true')
  }
  expect(origin.seen(SIGN_UP)).toHaveLength(0)
})

test('a wrong password keeps the address and signs nobody in', async ({ page, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await signOut(page)
  await signIn(page, { ...ADA, password: 'not her password' })
  await expect(page.getByRole('alert')).toBeVisible()
  await expect(page.getByLabel('Email')).toHaveValue(ADA.email)
  await expect(heading(page, 'Sign in')).toBeVisible()
})

test('no script can read the refresh token', async ({ page, context, origin }) => {
  await signUp(page, ADA)
  const cookie = await refreshCookie(context)
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/api/auth' })
  // The hint cookie contains no secret.
  expect(await page.evaluate(() => document.cookie)).toBe(`${hintCookieName(origin.url)}=1`)
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
  expect(kept).not.toContain(cookie?.value)
})

test('a browser that is not asked to remember gets a cookie that ends with it', async ({ page, context }) => {
  await signInUnremembered(page)
  expect(await refreshCookie(context)).toMatchObject({ expires: -1 })
})

test('whoever opens the browser again meets nobody who did not want to be remembered', async ({ page, context, origin }) => {
  await signInUnremembered(page)
  await page.reload()
  await expect(welcome(page, ADA)).toBeVisible()
  await closeBrowser(context)
  const before = origin.seen({ path: /^\/api\// }).length
  const next = await context.newPage()
  await next.goto('/account/profile')
  // The outline must not show a session either, before the page has read its storage.
  await expect(next.locator('#shell')).toHaveCount(0)
  await expect(heading(next, 'Sign in')).toBeVisible()
  for (const trace of [ADA.email, ADA.name]) {
    expect(await next.content()).not.toContain(trace)
    expect(await next.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(trace)
  }
  expect(await next.evaluate(() => localStorage.getItem('latchkey.session'))).toBeNull()
  expect(origin.seen({ path: /^\/api\// }), 'there is nothing to ask for').toHaveLength(before)
})

test('a session that ends with the browser outlives cleared storage until then, and not longer', async ({ page, context }) => {
  await signInUnremembered(page)
  await page.evaluate(() => localStorage.removeItem('latchkey.session'))
  await page.reload()
  await expect(welcome(page, ADA)).toBeVisible()
  await expect.poll(async () => (await storedSession(page)).remembered).toBe(false)
  await closeBrowser(context)
  const next = await context.newPage()
  await next.goto('/')
  await expect(heading(next, 'Sign in')).toBeVisible()
})

test('whoever wanted to be remembered is signed in when the browser is opened again', async ({ page, context }) => {
  await signUp(page, ADA)
  await closeBrowser(context)
  const next = await context.newPage()
  await next.goto('/account/profile')
  await expect(heading(next, 'Profile')).toBeVisible()
})

async function signInUnremembered(page: Page): Promise<void> {
  await signUp(page, ADA)
  await signOut(page)
  await page.getByLabel('Keep me signed in').uncheck()
  await signIn(page, ADA)
  await expect(welcome(page, ADA)).toBeVisible()
}

async function refreshCookie(context: BrowserContext) {
  return (await context.cookies()).find(({ name }) => name.includes('latchkey_refresh'))
}

test('a first visit asks for nothing that it has no right to', async ({ page, origin, consoleErrors }) => {
  for (const path of ['/', '/login', '/signup', '/account/sessions']) {
    await page.goto(path)
    await expect(heading(page, path === '/signup' ? 'Create your account' : 'Sign in')).toBeVisible()
  }
  expect(origin.seen({ path: /^\/api\// })).toEqual([])
  expect(consoleErrors.unexpected).toEqual([])
})

test('the next visit after a sign-out asks for nothing either, whatever has become of local storage', async ({
  page,
  context,
  origin,
}) => {
  await signUp(page, ADA)
  await signOut(page)
  await expect.poll(async () => (await storedSession(page)).state).toBe('signed_out')
  await page.evaluate(() => localStorage.clear())
  const before = origin.seen({ path: /^\/api\// }).length
  await page.goto('/account/profile')
  await expect(heading(page, 'Sign in')).toBeVisible()
  expect(origin.seen({ path: /^\/api\// })).toHaveLength(before)
  expect((await context.cookies()).filter(({ name }) => name.includes('latchkey_hint'))).toEqual([])
})

test('a mark that outlives its session costs one question, and is gone', async ({ page, context, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(401, '/api/auth/refresh'))
  await context.addCookies([{ name: hintCookieName(origin.url), value: '1', url: origin.url }])
  for (let visit = 0; visit < 2; visit += 1) {
    await page.goto('/')
    await expect(heading(page, 'Sign in')).toBeVisible()
  }
  expect(origin.seen({ path: '/api/auth/refresh' })).toHaveLength(1)
})

test('a server that wants to be left alone: the time is counted down, and then the form can be sent', async ({
  page,
  origin,
  consoleErrors,
}) => {
  consoleErrors.expect(httpError(429))
  await signUp(page, ADA)
  await signOut(page)
  const login = { method: 'POST', path: '/api/auth/login' }
  origin.faults.on(login, apiError(429, 'too_many_requests', {}, { 'retry-after': '4' }), 1)
  const countdown = await watchTheTimer(page)
  await signIn(page, ADA)
  const button = page.getByRole('button', { name: 'Sign in', exact: true })
  await expect(page.getByRole('alert')).toHaveText('Too many tries.')
  await expect(button).toHaveAttribute('aria-disabled', 'true')
  await expect(button).toHaveAccessibleDescription(/Try again in \d s\./)
  await button.click({ force: true })
  await expect(page.getByRole('alert')).toBeHidden()
  await expect(button).toHaveAttribute('aria-disabled', 'false')
  expect(origin.seen(login), 'a click before the time is over sends nothing').toHaveLength(1)
  const seen = await countdown()
  expect(seen.length).toBeGreaterThan(1)
  expect(seen).toEqual(['4', '3', '2', '1'].map((left) => `Try again in ${left} s.`).filter((text) => seen.includes(text)))
  await button.click()
  await expect(welcome(page, ADA)).toBeVisible()
})

test('somebody who has guessed too often waits as long as the server says, and then gets in', async ({ page, latchkey, consoleErrors }) => {
  consoleErrors.expect(httpError(429))
  await signUp(page, ADA)
  await signOut(page)
  await page.getByLabel('Email').fill(ADA.email)
  await passwordField(page).fill(ADA.password)
  const promised = await guessUntilTheWaitIs(8, `http://127.0.0.1:${latchkey.server.port}`)
  const button = page.getByRole('button', { name: 'Sign in', exact: true })
  await button.click()
  await expect(button).toHaveAccessibleDescription(/Try again in \d+ s\./)
  const [, seconds] = /(\d+) s/.exec(await page.getByRole('timer').innerText()) ?? []
  expect(Number(seconds)).toBeGreaterThan(0)
  expect(Number(seconds)).toBeLessThanOrEqual(promised)
  await expect(button).toHaveAttribute('aria-disabled', 'false')
  await button.click()
  await expect(welcome(page, ADA)).toBeVisible()
})

/** Tries wrong passwords for Ada's account until `Retry-After` is at least this many seconds; returns its value. */
async function guessUntilTheWaitIs(seconds: number, url: string): Promise<number> {
  for (;;) {
    const answer = await fetch(`${url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: ADA.email, password: 'not her password' }),
    })
    const wait = Number(answer.headers.get('retry-after') ?? 0)
    if (wait >= seconds) return wait
    await new Promise((later) => setTimeout(later, wait * 1_000))
  }
}

/** Starts to record the texts of the timer; the returned function reads them. */
async function watchTheTimer(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const said: string[] = []
    Object.assign(window, { said })
    new MutationObserver(() => {
      const text = document.querySelector('[role=timer]')?.textContent?.trim()
      if (text && text !== said.at(-1)) said.push(text)
    }).observe(document, { subtree: true, childList: true, characterData: true })
  })
  return () => page.evaluate(() => (window as unknown as { said: string[] }).said)
}

for (const next of ['https://example.org/', '//example.org/', '/\\example.org/', 'javascript:alert(1)', '/\t/example.org']) {
  test(`signing in does not lead outside to ${JSON.stringify(next)}`, async ({ page, origin }) => {
    await signUp(page, ADA)
    await signOut(page)
    await page.goto(`/login?next=${encodeURIComponent(next)}`)
    await signIn(page, ADA)
    await expect(page.getByRole('navigation', { name: 'Account' })).toBeVisible()
    expect(new URL(page.url()).origin).toBe(origin.url)
    await goTo(page, 'Profile')
    await expect(heading(page, 'Profile')).toBeVisible()
  })
}

test('an unknown address says so and leads home', async ({ page }) => {
  await signUp(page, ADA)
  await page.goto('/nothing/here')
  await expect(heading(page, 'Page not found')).toBeVisible()
  await page.getByRole('main').getByRole('link', { name: 'Home' }).click()
  await expect(welcome(page, ADA)).toBeVisible()
})
