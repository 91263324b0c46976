import { answered } from '../support/complaints.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, goTo, heading, signIn, signOut, signUp, welcome } from '../support/people.ts'
import { untilTheTokenHasEnded } from '../support/time.ts'
import { disturbances, isMarked, mark, watchForDisturbances } from '../support/watching.ts'

test.use({ settings: { LATCHKEY_TOKENS__ACCESS_LIFETIME: '4s' } })

// A token may end on its way to the server: the call is then refused, and sent again with the next token.
test.beforeEach(({ complaints }) => complaints.expect(answered(401)))

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }

test('signing up leads to every page without a reload', async ({ page, origin }) => {
  await page.goto('/')
  await expect(heading(page, 'Sign in')).toBeVisible()
  await mark(page)
  await page.getByRole('link', { name: 'Create account' }).click()
  await page.getByLabel('Email').fill(ADA.email)
  await page.getByLabel('Display name').fill(ADA.name)
  await page.getByLabel('Password', { exact: true }).fill(ADA.password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(welcome(page, ADA)).toBeVisible()
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
  expect(await isMarked(page)).toBe(true)
  expect(origin.documents).toBe(1)
})

test('after the token has ended, one refresh goes unnoticed', async ({ page, origin }) => {
  await signUp(page, ADA)
  await mark(page)
  await watchForDisturbances(page)
  await untilTheTokenHasEnded(page)
  const before = origin.seen(REFRESH).length
  await goTo(page, 'Sessions')
  await expect(heading(page, 'Sessions')).toBeVisible()
  await expect(page.getByText('This session')).toBeVisible()
  expect(origin.seen(REFRESH).slice(before).map(({ status }) => status)).toEqual([200])
  expect(await disturbances(page)).toEqual([])
  expect(await isMarked(page)).toBe(true)
  expect(origin.documents).toBe(1)
})

test('a reload and a second tab are signed in, also when the token has ended', async ({ page, context }) => {
  await signUp(page, ADA)
  await page.reload()
  await expect(welcome(page, ADA)).toBeVisible()
  await untilTheTokenHasEnded(page)
  await page.reload()
  await expect(welcome(page, ADA)).toBeVisible()
  const second = await context.newPage()
  await second.goto('/account/profile')
  await expect(heading(second, 'Profile')).toBeVisible()
})

test('signing out in one tab signs out the other', async ({ page, context }) => {
  await signUp(page, ADA)
  const second = await context.newPage()
  await second.goto('/account/sessions')
  await expect(heading(second, 'Sessions')).toBeVisible()
  await mark(second)
  await signOut(page)
  await expect(heading(second, 'Sign in')).toBeVisible()
  await expect(second.getByText('You signed out.')).toBeVisible()
  expect(await isMarked(second)).toBe(true)
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

test('Back does not show a protected page after signing out', async ({ page }) => {
  await signUp(page, ADA)
  await goTo(page, 'Token')
  await expect(heading(page, 'Token')).toBeVisible()
  await goTo(page, 'Profile')
  await expect(heading(page, 'Profile')).toBeVisible()
  await signOut(page)
  for (let step = 0; step < 2; step += 1) {
    await page.goBack()
    await expect(heading(page, 'Sign in')).toBeVisible()
    await expect(page.getByRole('navigation', { name: 'Account' })).toBeHidden()
    await expect(page.getByText(ADA.email)).toBeHidden()
  }
})

test('a deep link leads through the sign-in page and back', async ({ page, origin }) => {
  await signUp(page, ADA)
  await signOut(page)
  await page.goto('/account/sessions')
  await expect(page).toHaveURL(`${origin.url}/login?next=%2Faccount%2Fsessions`)
  await signIn(page, ADA)
  await expect(heading(page, 'Sessions')).toBeVisible()
  await expect(page).toHaveURL(`${origin.url}/account/sessions`)
})
