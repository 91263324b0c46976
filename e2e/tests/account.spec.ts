import { readFile } from 'node:fs/promises'
import type { Locator } from '@playwright/test'
import { sessionEnded } from '../support/answers.ts'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, followBeneath, goTo, heading, passwordField, signIn, signInAgain, signInElsewhere, signOut, signUp, welcome } from '../support/people.ts'

const CHANGED = { ...ADA, password: 'difference engine 1822' }

test('a changed name is shown at once and after a reload', async ({ page }) => {
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  await page.getByRole('main').getByLabel('Display name').fill('Augusta Ada King')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  await goTo(page, 'Home')
  await expect(heading(page, 'Hello, Augusta Ada King')).toBeVisible()
  await page.reload()
  await expect(heading(page, 'Hello, Augusta Ada King')).toBeVisible()
})

test('a new password takes the place of the old one, and other sessions end', async ({
  page,
  anotherBrowser,
  consoleErrors,
}) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  const elsewhere = await signInElsewhere(await anotherBrowser(), ADA)

  await goTo(page, 'Security')
  await page.getByLabel('Current password').fill(ADA.password)
  await page.getByLabel('New password').fill(CHANGED.password)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByRole('status').filter({ hasText: /password/i })).toBeVisible()

  await goTo(elsewhere, 'Sessions')
  await expect(signInAgain(elsewhere)).toContainText(/password/i)
  await signOut(page)
  await signIn(page, ADA)
  await expect(page.getByRole('alert')).toBeVisible()
  await signIn(page, CHANGED)
  await expect(welcome(page, ADA)).toBeVisible()
})

test('a wrong current password is told beside its field, and nobody is signed out', async ({ page, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await goTo(page, 'Security')
  const current = page.getByLabel('Current password')
  await current.fill('not her password')
  await page.getByLabel('New password').fill(CHANGED.password)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(current).toHaveAttribute('aria-invalid', 'true')
  await expect(signInAgain(page)).toBeHidden()
  await expect(heading(page, 'Security')).toBeVisible()
})

test('a password manager finds whose password it is beside every password that is asked for again', async ({
  page,
  origin,
  consoleErrors,
}) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await goTo(page, 'Security')
  await tellsWhose(page.locator('form').filter({ has: page.getByLabel('Current password') }))

  await page.getByRole('button', { name: 'Delete my account' }).click()
  const deletion = page.getByRole('dialog', { name: 'Delete your account?' })
  await tellsWhose(deletion.locator('form'))
  await expect(passwordField(deletion), 'the focus is on what is to be typed').toBeFocused()
  await page.keyboard.press('Escape')

  origin.faults.on({ path: /^\/api\// }, sessionEnded('expired'))
  await followBeneath(page, '/account/sessions')
  await tellsWhose(signInAgain(page).locator('form'))
  await expect(passwordField(signInAgain(page))).toBeFocused()
})

/** Asserts that a drawn text field with the email precedes the password: password managers skip hidden fields. */
async function tellsWhose(form: Locator): Promise<void> {
  const name = form.locator('input').first()
  await expect(name).toHaveAttribute('autocomplete', 'username')
  await expect(name).toHaveAttribute('type', 'text')
  await expect(name).toHaveValue(ADA.email)
  expect(await name.evaluate((field) => field.checkVisibility({ visibilityProperty: true })), 'it is drawn').toBe(true)
  expect(await name.evaluate((field) => field.closest('[inert]') !== null), 'nobody else meets it').toBe(true)
  await expect(form.locator('input').nth(1)).toHaveAttribute('type', 'password')
}

test('the export holds what the server knows, and no secret', async ({ page }) => {
  await signUp(page, ADA)
  await goTo(page, 'Security')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export my data' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/\.json$/)
  const text = await readFile(await file.path(), 'utf8')
  const exported = JSON.parse(text) as { account: { email: string }; sessions: unknown[] }
  expect(exported.account.email).toBe(ADA.email)
  expect(exported.sessions).toHaveLength(1)
  expect(text).not.toContain('$argon2')
})

test('a deleted account is gone, and its address is free again', async ({ page, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await goTo(page, 'Security')
  await page.getByRole('button', { name: 'Delete my account' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete your account?' })
  await passwordField(dialog).fill('not her password')
  await dialog.getByRole('button', { name: 'Delete my account' }).click()
  await expect(dialog.getByRole('alert')).toBeVisible()
  await passwordField(dialog).fill(ADA.password)
  await dialog.getByRole('button', { name: 'Delete my account' }).click()
  await expect(page.getByRole('navigation', { name: 'Account' })).toBeHidden()
  await page.goto('/login')
  await signIn(page, ADA)
  await expect(page.getByRole('alert')).toBeVisible()
  await signUp(page, ADA)
})
