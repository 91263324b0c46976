import type { Locator, Page } from '@playwright/test'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, followBeneath, goTo, heading, signOut, signUp, welcome } from '../support/people.ts'
import { apiError, sessionEnded } from '../support/answers.ts'
import { open, send } from '../support/states.ts'

const NEW_PASSWORD = 'difference engine 1822'

test('what is filled in without an event signs up and in', async ({ page }) => {
  await open(page, '/signup')
  await putIn(page, { email: ADA.email, display_name: ADA.name, password: ADA.password })
  await send(page)
  await expect(welcome(page, ADA)).toBeVisible()
  await signOut(page)
  await putIn(page, { email: ADA.email, password: ADA.password })
  await page.locator('[name=remember]').evaluate((box: HTMLInputElement) => (box.checked = false))
  const [request] = await Promise.all([page.waitForRequest('**/api/auth/login'), send(page)])
  expect(request.postDataJSON()).toMatchObject({ email: ADA.email, password: ADA.password, remember: false })
  await expect(welcome(page, ADA)).toBeVisible()
})

test('what is filled in without an event changes the profile', async ({ page }) => {
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  await putIn(page, { display_name: 'Augusta Ada King' })
  await page.locator('#profile-locale').evaluate((list: HTMLSelectElement) => (list.value = 'ko'))
  await send(page)
  await expect(heading(page, '프로필')).toBeVisible()
  await page.goto('/')
  await expect(page.locator('h1')).toContainText('Augusta Ada King')
})

test('a profile that was sent in vain follows the language that is chosen in the menu', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(503))
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  const failures: Record<string, () => Promise<unknown>> = {
    'a field was wrong': () => putIn(page, { display_name: '' }),
    'the server was busy': async () => {
      await putIn(page, { display_name: ADA.name })
      origin.faults.on({ method: 'PATCH', path: '/api/me' }, apiError(503, 'overloaded'), 1)
    },
  }
  for (const [why, prepare] of Object.entries(failures)) {
    await prepare()
    await send(page.locator('main'))
    await expect(page.locator('main [role=alert]'), why).toBeVisible()
    const other = (await page.locator('html').getAttribute('lang')) === 'en' ? 'ko' : 'en'
    await page.locator('#menu-language').evaluate((list: HTMLSelectElement, language) => {
      list.value = language
      list.dispatchEvent(new Event('change', { bubbles: true }))
    }, other)
    await expect(page.locator('html'), why).toHaveAttribute('lang', other)
    await expect(page.locator('#profile-locale'), why).toHaveValue(other)
    await putIn(page, { display_name: 'Augusta' })
    const [request] = await Promise.all([page.waitForRequest((asked) => /"display_name":"Augusta"/.test(asked.postData() ?? '')), send(page.locator('main'))])
    expect(request.postDataJSON(), why).toMatchObject({ locale: other })
    await expect(page.locator('main .done'), why).not.toBeEmpty()
    await expect(page.locator('html'), why).toHaveAttribute('lang', other)
  }
})

test('what is filled in without an event changes the password, and deletes the account', async ({ page }) => {
  await signUp(page, ADA)
  await goTo(page, 'Security')
  await putIn(page, { current_password: ADA.password, new_password: NEW_PASSWORD })
  await send(page)
  await expect(page.getByText('Your password is changed.')).toBeVisible()
  await page.locator('main button[aria-haspopup=dialog]').click()
  const dialog = page.locator('dialog[open]')
  await putIn(dialog, { password: NEW_PASSWORD })
  await send(dialog)
  await expect(heading(page, 'Sign in')).toBeVisible()
})

test('what is filled in without an event signs in again where a session has ended', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  const over = origin.faults.on({ path: /^\/api\// }, sessionEnded('expired'))
  await followBeneath(page, '/account/sessions')
  const dialog = page.locator('dialog[open]')
  await expect(dialog).toBeVisible()
  over.lift()
  await putIn(dialog, { password: ADA.password })
  await send(dialog)
  await expect(dialog).toHaveCount(0)
})

test('what was taken back without an event is not sent', async ({ page }) => {
  await open(page, '/login')
  await page.getByLabel('Email').fill(ADA.email)
  await page.getByLabel('Password', { exact: true }).fill(ADA.password)
  await putIn(page, { password: '' })
  await send(page)
  await expect(page.locator('[aria-invalid=true]')).toHaveCount(1)
})

/** Fills in fields as some password managers do: sets the value without dispatching an event. */
async function putIn(scope: Page | Locator, values: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    await scope.locator(`input[name=${name}]`).evaluate((field: HTMLInputElement, text) => (field.value = text), value)
  }
}
