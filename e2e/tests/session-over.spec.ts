import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, goTo, heading, passwordField, signInAgain, signUp } from '../support/people.ts'
import { untilTheSessionIsOver } from '../support/time.ts'
import { isMarked, mark } from '../support/disturbances.ts'

// The idle time is long enough to type and click before the session has expired, even on a slow machine.
test.use({ settings: { LATCHKEY_TOKENS__ACCESS_LIFETIME: '2s', LATCHKEY_SESSIONS__IDLE: '12s' } })

test('when the session is over, the page says why, asks for the password, and keeps what was typed', async ({
  page,
  consoleErrors,
}) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  await mark(page)
  const name = page.getByRole('main').getByLabel('Display name')
  await name.fill('Augusta Ada King')
  await untilTheSessionIsOver(page)
  await page.getByRole('button', { name: 'Save' }).click()
  const dialog = signInAgain(page)
  await expect(dialog).toContainText('was not used for long')
  await expect(dialog).toContainText(ADA.email)
  await passwordField(dialog).fill(ADA.password)
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(dialog).toBeHidden()
  await expect(heading(page, 'Profile')).toBeVisible()
  await expect(name).toHaveValue('Augusta Ada King')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  expect(await isMarked(page)).toBe(true)
})

test('a wrong password in the dialog says so and leaves everything in place', async ({ page, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  const name = page.getByRole('main').getByLabel('Display name')
  await name.fill('Augusta Ada King')
  await untilTheSessionIsOver(page)
  await page.getByRole('button', { name: 'Save' }).click()
  const dialog = signInAgain(page)
  await passwordField(dialog).fill('not her password')
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(dialog.getByRole('alert')).toBeVisible()
  await expect(dialog).toBeVisible()
  await expect(name).toHaveValue('Augusta Ada King')
})

test('a reload after the session is over asks for the password, says why, and stays on the page', async ({ page, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  await untilTheSessionIsOver(page)
  await page.reload()
  const dialog = signInAgain(page)
  await expect(dialog).toContainText('was not used for long')
  await passwordField(dialog).fill(ADA.password)
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(dialog).toBeHidden()
  await expect(heading(page, 'Profile')).toBeVisible()
})
