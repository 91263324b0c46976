import type { Page } from '@playwright/test'
import { apiError, sessionEnded } from '../support/answers.ts'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { hasFocus, holdsFocus, tabTo, typeInto } from '../support/keyboard.ts'
import { ADA, bar, heading, signInAgain, signInElsewhere, signUp, welcome } from '../support/people.ts'
import { storedSession } from '../support/stored-session.ts'
import { open } from '../support/states.ts'

const CHANGED = 'difference engine 1822'

function field(page: Page, name: string) {
  return page.locator(`input[name=${name}]`).filter({ visible: true })
}

function link(page: Page, href: string) {
  return page.locator(`nav a[href="${href}"]`)
}

/** Success message that is announced to screen readers. */
function said(page: Page) {
  return page.locator('main [role=status]').filter({ hasText: /\S/ })
}

function announced(page: Page, words: RegExp) {
  return page.locator('[role=status], [aria-live]').filter({ hasText: words }).first()
}

async function follow(page: Page, href: string): Promise<void> {
  await tabTo(page, link(page, href))
  await page.keyboard.press('Enter')
  await expect.poll(() => hasFocus(page.locator('h1'))).toBe(true)
}

test('signing up, signing out and signing in take no mouse', async ({ page }) => {
  await open(page, '/login')
  await tabTo(page, page.locator('a[href^="/signup"]'))
  await page.keyboard.press('Enter')
  await expect(heading(page, /Create/)).toBeFocused()
  await typeInto(page, field(page, 'email'), ADA.email)
  await typeInto(page, field(page, 'display_name'), ADA.name)
  await typeInto(page, field(page, 'password'), ADA.password)
  await page.keyboard.press('Enter')
  await expect(welcome(page, ADA)).toBeFocused()

  await openMenu(page)
  await tabTo(page, page.getByRole('button', { name: 'Sign out', exact: true }))
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Sign in')).toBeFocused()

  await typeInto(page, field(page, 'email'), ADA.email)
  await typeInto(page, field(page, 'password'), ADA.password)
  const remember = page.getByRole('switch', { name: 'Keep me signed in' })
  await tabTo(page, remember)
  await expect(remember).toBeChecked()
  await page.keyboard.press('Space')
  await expect(remember).not.toBeChecked()
  await tabTo(page, page.locator('[type=submit]'))
  await page.keyboard.press('Space')
  await expect(welcome(page, ADA)).toBeFocused()
  expect(await storedSession(page), 'the switch was heard').toMatchObject({ remembered: false })
})

test('a password is shown and hidden again without a mouse, and stays in its field', async ({ page }) => {
  await open(page, '/login')
  const password = field(page, 'password')
  await typeInto(page, password, ADA.password)
  for (const [name, type] of [
    ['Show password', 'text'],
    ['Hide password', 'password'],
  ] as const) {
    const button = page.getByRole('button', { name })
    if (!(await hasFocus(button))) await tabTo(page, button)
    await page.keyboard.press('Space')
    await expect(password).toHaveAttribute('type', type)
    await expect(password).toHaveValue(ADA.password)
  }
})

test('the account menu opens, closes on Escape and gives the focus back', async ({ page }) => {
  await signUp(page, ADA)
  const button = await openMenu(page)
  const menu = page.locator('[popover]:popover-open')
  await tabTo(page, menu.getByRole('button', { name: 'Sign out' }))
  await page.keyboard.press('Escape')
  await expect(menu).toHaveCount(0)
  await expect(button).toBeFocused()
})

async function openMenu(page: Page) {
  const button = page.getByRole('button', { name: 'Account menu' })
  await tabTo(page, button)
  await page.keyboard.press('Enter')
  await expect(page.locator('[popover]:popover-open')).toBeVisible()
  return button
}

test('the link to the content comes first, and leads there', async ({ page }) => {
  await signUp(page, ADA)
  await page.reload()
  await expect(welcome(page, ADA)).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.locator('.skip')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('main')).toBeFocused()
})

test('the profile and the password are changed without a mouse, and each change is announced', async ({ page }) => {
  await signUp(page, ADA)
  await follow(page, '/account/profile')
  await typeInto(page, field(page, 'display_name'), 'Augusta Ada King')
  await page.keyboard.press('Enter')
  await expect(said(page)).toBeVisible()

  await follow(page, '/account/security')
  await typeInto(page, field(page, 'current_password'), ADA.password)
  await typeInto(page, field(page, 'new_password'), CHANGED)
  await page.keyboard.press('Enter')
  await expect(said(page)).toBeVisible()
})

test('what is wrong gets the focus, and is tied to its field', async ({ page }) => {
  await open(page, '/signup')
  await typeInto(page, field(page, 'display_name'), ADA.name)
  await page.keyboard.press('Enter')
  const email = field(page, 'email')
  await expect(email).toBeFocused()
  await expect(email).toHaveAccessibleDescription(/\w+ \w+/)
  await expect(email).toHaveAttribute('aria-invalid', 'true')
})

test('another session is ended without a mouse, and the focus is not lost', async ({ page, anotherBrowser }) => {
  await signUp(page, ADA)
  await signInElsewhere(await anotherBrowser(), ADA)
  await follow(page, '/account/sessions')
  await tabTo(page, page.locator('[data-session]').getByRole('button').first())
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 2 })).toBeVisible()
  await expect(page.locator('[data-session]').getByRole('button')).toHaveCount(0)
  await expect.poll(() => holdsFocus(page.locator('main'))).toBe(true)
})

test('all other sessions are ended without a mouse; the dialog asks, takes the focus and gives it back', async ({
  page,
  anotherBrowser,
}) => {
  await signUp(page, ADA)
  await signInElsewhere(await anotherBrowser(), ADA)
  await follow(page, '/account/sessions')
  const button = page.locator('main button[aria-haspopup=dialog]')
  const dialog = page.getByRole('dialog', { name: 'Sign out on these devices?' })
  const act = dialog.getByRole('button', { name: 'Sign out everywhere else' })
  await tabTo(page, button)
  await page.keyboard.press('Enter')
  await expect.poll(() => holdsFocus(dialog)).toBe(true)
  await staysIn(page)
  await tabTo(page, dialog.getByRole('button', { name: 'Cancel' }))
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0)
  await expect(button).toBeFocused()

  await page.keyboard.press('Enter')
  await expect.poll(() => holdsFocus(dialog)).toBe(true)
  if (!(await hasFocus(act))) await tabTo(page, act)
  await page.keyboard.press('Enter')
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible()
  await expect.poll(() => holdsFocus(page.locator('main'))).toBe(true)
})

test('the data are taken along and the token is copied without a mouse, and both are announced', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await signUp(page, ADA)
  await follow(page, '/account/security')
  const download = page.waitForEvent('download')
  await tabTo(page, page.getByRole('button', { name: 'Export my data' }))
  await page.keyboard.press('Enter')
  expect((await download).suggestedFilename()).toMatch(/\.json$/)
  await expect(announced(page, /downloads/)).toBeVisible()

  await follow(page, '/account/token')
  await tabTo(page, page.getByRole('button', { name: 'Copy', exact: true }))
  await page.keyboard.press('Space')
  await expect(announced(page, /copied/i)).toBeVisible()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied).toBe((await storedSession(page)).access_token)
})

test('what failed is tried again without a mouse', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(500), CONNECTION_BROKE)
  await signUp(page, ADA)
  const failing = origin.faults.on({ path: '/api/me/sessions' }, apiError(500, 'internal'))
  await follow(page, '/account/sessions')
  await expect(page.getByRole('alert')).toBeVisible()
  failing.lift()
  await tabTo(page, page.getByRole('button', { name: 'Try again' }))
  await page.keyboard.press('Enter')
  await expect(page.getByText('This session')).toBeVisible()

  const cut = origin.faults.on({ path: /^\/api\// }, { kind: 'cut' })
  await follow(page, '/account/profile')
  const now = bar(page).getByRole('button', { name: 'Try now' })
  await tabTo(page, now)
  // The page also retries by itself, so the button is pressed while no retry can succeed.
  const before = origin.exchanges.length
  await page.keyboard.press('Enter')
  await expect.poll(() => origin.exchanges.length).toBeGreaterThan(before)
  cut.lift()
  await expect(bar(page)).toBeEmpty()
})

test('the account is deleted without a mouse; the dialog takes the focus, keeps it and gives it back', async ({ page }) => {
  await signUp(page, ADA)
  await follow(page, '/account/security')
  const button = page.locator('main button[aria-haspopup=dialog]')
  await tabTo(page, button)
  await page.keyboard.press('Enter')
  const dialog = page.locator('dialog[open]')
  await expect.poll(() => holdsFocus(dialog)).toBe(true)
  await staysIn(page)
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(button).toBeFocused()

  await page.keyboard.press('Enter')
  await expect.poll(() => holdsFocus(dialog)).toBe(true)
  const password = dialog.locator('input[name=password]')
  if (!(await hasFocus(password))) await tabTo(page, password)
  await page.keyboard.type(ADA.password)
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Sign in')).toBeFocused()
})

/** Asserts that Tab stays in the dialog, or on the browser's own controls, and never reaches the page below. */
async function staysIn(page: Page): Promise<void> {
  for (let stop = 0; stop < 12; stop += 1) {
    await page.keyboard.press('Tab')
    const where = await page.evaluate(() => document.activeElement?.closest('dialog[open], body')?.localName)
    const onBody = await page.evaluate(() => document.activeElement === document.body)
    expect(where === 'dialog' || onBody).toBe(true)
  }
}

test('the dialog of an ended session keeps the focus until the password is there, and gives it back', async ({
  page,
  origin,
  consoleErrors,
}) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await follow(page, '/account/profile')
  await typeInto(page, field(page, 'display_name'), 'Augusta Ada King')
  const over = ['/api/me', '/api/auth/refresh'].map((path) => origin.faults.on({ path }, sessionEnded('expired')))
  await page.keyboard.press('Enter')
  const dialog = page.locator('dialog[open]')
  await expect.poll(() => holdsFocus(dialog)).toBe(true)
  await staysIn(page)
  for (let time = 0; time < 3; time += 1) await page.keyboard.press('Escape')
  await expect(dialog).toBeVisible()
  for (const rule of over) rule.lift()
  const password = dialog.locator('input[name=password]')
  if (!(await hasFocus(password))) await tabTo(page, password)
  await page.keyboard.type(ADA.password)
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0)
  await expect.poll(() => holdsFocus(page.locator('main'))).toBe(true)
  await expect(field(page, 'display_name')).toHaveValue('Augusta Ada King')
})

test('whoever is somebody else says so without a mouse', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await follow(page, '/account/profile')
  await tabTo(page, link(page, '/account/sessions'))
  const over = origin.faults.on({ path: /^\/api\// }, sessionEnded('expired'))
  await page.keyboard.press('Enter')
  await expect.poll(() => holdsFocus(signInAgain(page))).toBe(true)
  over.lift()
  await tabTo(page, signInAgain(page).getByRole('button', { name: 'Sign in as someone else' }))
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Sign in')).toBeFocused()
  await typeInto(page, field(page, 'email'), ADA.email)
})

test('language and theme are chosen without a mouse', async ({ page }) => {
  await open(page, '/login')
  await tabTo(page, page.locator('select').filter({ has: page.locator('option[value=ko]') }))
  await page.keyboard.press('ArrowDown')
  await expect(page.locator('html')).toHaveAttribute('lang', 'ko')
  await tabTo(page, page.locator('input[type=radio]:checked'))
  await page.keyboard.press('ArrowLeft')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})
