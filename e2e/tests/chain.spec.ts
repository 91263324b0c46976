import type { Page } from '@playwright/test'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, fillInSignUp, goTo, heading, signIn, signOut, signUp, welcome } from '../support/people.ts'
import { storedSession } from '../support/stored-session.ts'
import { untilTheTokenHasEnded } from '../support/time.ts'
import { disturbances, isMarked, mark, watchForDisturbances } from '../support/disturbances.ts'

test.use({ settings: { LATCHKEY_TOKENS__ACCESS_LIFETIME: '4s' } })

// A token may expire on its way to the server: the request is then refused, and retried with the next token.
test.beforeEach(({ consoleErrors }) => consoleErrors.expect(httpError(401)))

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }

test('the whole chain, from the first visit to a deep link after signing out', async ({ page, context, origin }) => {
  await test.step('signing up, from the sign-in page', async () => {
    await page.goto('/')
    await expect(heading(page, 'Sign in')).toBeVisible()
    await mark(page)
    await page.getByRole('link', { name: 'Create account' }).click()
    await fillInSignUp(page, ADA)
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(welcome(page, ADA)).toBeVisible()
  })

  await test.step('every page, by clicking', () => visitEveryPage(page))

  await test.step('a click after the token has ended: one refresh, and nobody notices', async () => {
    await watchForDisturbances(page)
    await untilTheTokenHasEnded(page)
    const before = { calls: origin.seen(REFRESH).length, generation: await generation(page) }
    await goTo(page, 'Sessions')
    await expect(heading(page, 'Sessions')).toBeVisible()
    await expect(page.getByText('This session')).toBeVisible()
    // On a slow machine, the next token may have expired by now as well.
    const ended = (await generation(page)) - before.generation
    expect(ended).toBeGreaterThan(0)
    expect(origin.seen(REFRESH).slice(before.calls).map(({ status }) => status)).toEqual(Array(ended).fill(200))
    expect(await disturbances(page)).toEqual([])
  })

  await test.step('all that without a reload', async () => {
    expect(await isMarked(page)).toBe(true)
    expect(origin.documents).toBe(1)
  })

  await test.step('a reload is still signed in', async () => {
    await page.reload()
    await expect(heading(page, 'Sessions')).toBeVisible()
    expect(origin.documents).toBe(2)
  })

  const second = await context.newPage()
  await test.step('a second tab is signed in', async () => {
    await second.goto('/account/profile')
    await expect(heading(second, 'Profile')).toBeVisible()
    await mark(second)
  })

  await test.step('signing out in one, the other follows', async () => {
    await signOut(page)
    await expect(heading(second, 'Sign in')).toBeVisible()
    await expect(second.getByText('You signed out.')).toBeVisible()
    expect(await isMarked(second)).toBe(true)
  })

  await test.step('Back does not show a protected page', async () => {
    await page.goBack()
    await expect(heading(page, 'Sign in')).toBeVisible()
    await expect(page.getByRole('navigation', { name: 'Account' })).toBeHidden()
    await expect(page.getByText(ADA.email)).toBeHidden()
  })

  await test.step('a deep link leads through the sign-in page and back', async () => {
    await page.goto('/account/sessions')
    await expect(page).toHaveURL(`${origin.url}/login?next=%2Faccount%2Fsessions`)
    await signIn(page, ADA)
    await expect(heading(page, 'Sessions')).toBeVisible()
    await expect(page).toHaveURL(`${origin.url}/account/sessions`)
  })
})

async function generation(page: Page): Promise<number> {
  return (await storedSession(page)).generation ?? Number.NaN
}

async function visitEveryPage(page: Page): Promise<void> {
  for (const [link, title] of [
    ['Profile', 'Profile'],
    ['Security', 'Security'],
    ['Sessions', 'Sessions'],
    ['Token', 'Token'],
    ['Home', `Hello, ${ADA.name}`],
  ] as const) {
    await goTo(page, link)
    await expect(heading(page, title)).toBeVisible()
    await expect(page.getByRole('navigation', { name: 'Account' }).locator('[aria-current=page]')).toHaveText(link)
  }
}

test('a reload and a new tab after the token has ended are signed in', async ({ page, context }) => {
  await signUp(page, ADA)
  await untilTheTokenHasEnded(page)
  await page.reload()
  await expect(welcome(page, ADA)).toBeVisible()
  await untilTheTokenHasEnded(page)
  const second = await context.newPage()
  await second.goto('/account/sessions')
  await expect(second.getByText('This session')).toBeVisible()
})

test('signing in in one tab signs in the other', async ({ page, context }) => {
  await signUp(page, ADA)
  await signOut(page)
  const second = await context.newPage()
  await second.goto('/account/profile')
  await signIn(second, ADA)
  await expect(heading(second, 'Profile')).toBeVisible()
  await expect(welcome(page, ADA)).toBeVisible()
})

test('Back shows no protected page after signing out, however far', async ({ page }) => {
  await signUp(page, ADA)
  for (const link of ['Token', 'Profile']) {
    await goTo(page, link)
    await expect(heading(page, link)).toBeVisible()
  }
  await signOut(page)
  for (let step = 0; step < 2; step += 1) {
    await page.goBack()
    await expect(heading(page, 'Sign in')).toBeVisible()
    await expect(page.getByText(ADA.email)).toBeHidden()
  }
})

test('page after page by Back and Forward, without a reload', async ({ page, origin }) => {
  await signUp(page, ADA)
  await goTo(page, 'Security')
  await expect(heading(page, 'Security')).toBeVisible()
  await page.goBack()
  await expect(welcome(page, ADA)).toBeVisible()
  await page.goForward()
  await expect(heading(page, 'Security')).toBeVisible()
  expect(origin.documents).toBe(1)
})
