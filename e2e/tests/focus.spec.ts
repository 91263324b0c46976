import type { Page } from '@playwright/test'
import { firstPage, nextPage } from '../support/answers.ts'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, fillInSignUp, goTo, heading, linkTo, passwordField, signUp } from '../support/people.ts'
import { open } from '../support/states.ts'

const LIST = { method: 'GET', path: '/api/me/sessions' }

// The page moves the focus only after the next page has been drawn, or a response has arrived.

/** Holds back animation frame callbacks; the returned function releases them and returns their number. */
async function holdDrawing(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const held: FrameRequestCallback[] = []
    const draw = window.requestAnimationFrame
    window.requestAnimationFrame = (then) => held.push(then)
    const letGo = () => {
      window.requestAnimationFrame = draw
      for (const then of held) then(performance.now())
      return held.length
    }
    Object.assign(window, { letGo })
  })
  return () => page.evaluate(() => (window as unknown as { letGo: () => number }).letGo())
}

async function isDrawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise(requestAnimationFrame))
}

test('whoever types before the next page has been drawn goes on typing', async ({ page }) => {
  await open(page, '/login')
  let drawn = await holdDrawing(page)
  await page.getByRole('link', { name: 'Create account' }).click()
  const name = page.getByLabel('Display name')
  await name.click()
  await page.keyboard.type('Ada ')
  expect(await drawn()).toBeGreaterThan(0)
  await page.keyboard.type('Lovelace')
  await expect(name).toBeFocused()
  await expect(name).toHaveValue('Ada Lovelace')

  await signUp(page, ADA)
  drawn = await holdDrawing(page)
  await goTo(page, 'Profile')
  await name.press('End')
  await page.keyboard.type(' King')
  expect(await drawn()).toBeGreaterThan(0)
  await page.keyboard.type(' 👑')
  await expect(name).toHaveValue('Ada Lovelace King 👑')

  drawn = await holdDrawing(page)
  await goTo(page, 'Security')
  await expect(heading(page, 'Security')).toBeVisible()
  expect(await drawn()).toBeGreaterThan(0)
  await expect(heading(page, 'Security'), 'whoever did nothing since').toBeFocused()
})

test('whoever mends another field while the form is on its way stays there when it is refused', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(422))
  await open(page, '/signup')
  await fillInSignUp(page, { ...ADA, password: 'password1234' })
  const held = origin.faults.hold({ path: '/api/auth/signup' })
  const send = page.getByRole('button', { name: 'Create account' })
  await send.click()
  const name = page.getByLabel('Display name')
  await name.press('End')
  await page.keyboard.type(' K')
  held.lift()
  await expect(passwordField(page)).toHaveAttribute('aria-invalid', 'true')
  await isDrawn(page)
  await page.keyboard.type('ing')
  await expect(name).toHaveValue('Ada Lovelace King')
  await expect(name).toBeFocused()
  await send.click()
  await expect(passwordField(page), 'whoever waits is led to what is wrong').toBeFocused()
})

test('whoever goes on while a session ends, or more of them come, is not called back', async ({ page, origin }) => {
  await signUp(page, ADA)
  origin.faults.inOrder(LIST, [firstPage(50, 'second'), nextPage(50, 20, 50, null), firstPage(50, null)])
  origin.faults.on({ method: 'DELETE' }, { kind: 'answer', status: 204, body: '' })
  await goTo(page, 'Sessions')
  const rows = page.locator('[data-session]')
  await expect(rows).toHaveCount(50)
  const elsewhere = linkTo(page, 'Token')

  const come = origin.faults.hold(LIST)
  await page.getByRole('button', { name: 'Show more' }).click()
  await elsewhere.focus()
  come.lift()
  await expect(rows).toHaveCount(120)
  await isDrawn(page)
  await expect(elsewhere).toBeFocused()

  const end = origin.faults.hold({ method: 'DELETE' })
  await page.getByRole('button', { name: /^End/ }).first().click()
  await elsewhere.focus()
  end.lift()
  await expect(rows).toHaveCount(50)
  await isDrawn(page)
  await expect(elsewhere).toBeFocused()
})

test('no button ends another session than it did: whoever is on one when the list comes anew goes on at the heading', async ({ page, origin }) => {
  await signUp(page, ADA)
  origin.faults.inOrder(LIST, [firstPage(50, null), firstPage(49, null), firstPage(48, null)])
  origin.faults.on({ method: 'DELETE' }, { kind: 'answer', status: 204, body: '' })
  await goTo(page, 'Sessions')
  const rows = page.locator('[data-session]')
  const end = page.getByRole('button', { name: /^End/ })
  await expect(rows).toHaveCount(50)
  const list = origin.faults.hold(LIST)
  await end.first().press('Enter')
  await expect(page.getByText('The session has ended.')).toBeVisible()
  await end.nth(3).focus()
  list.lift()
  await expect(rows).toHaveCount(49)
  await expect(heading(page, 'Sessions')).toBeFocused()

  await end.first().press('Enter')
  await expect(rows).toHaveCount(48)
  await expect(heading(page, 'Sessions')).toBeFocused()
})
