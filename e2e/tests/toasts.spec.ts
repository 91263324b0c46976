import type { Locator, Page } from '@playwright/test'
import { expect, test } from '../support/fixtures.ts'
import { holdsFocus, tabTo } from '../support/keyboard.ts'
import { ADA, goTo, heading, signInElsewhere, signOutElsewhere, signUp, welcome } from '../support/people.ts'
import { open } from '../support/states.ts'

function toasts(page: Page): Locator {
  return page.locator('.toast')
}

/** Time that is longer than a toast stays. */
const LONG = '00:30'

/** Copies the token and waits for the toast that confirms it. */
async function copy(page: Page): Promise<void> {
  await goTo(page, 'Token')
  await page.getByRole('button', { name: 'Copy' }).click()
  await expect(toasts(page)).toHaveText(['The token is copied.'])
}

test('what went well is announced in a place that was there before, outlives its page, and goes by itself', async ({ page }) => {
  await page.clock.install()
  await signUp(page, ADA)
  const place = page.getByTestId('toasts')
  await expect(place).toHaveAttribute('aria-live', 'polite')
  await place.evaluate((place) => place.setAttribute('data-before', ''))
  await copy(page)
  await expect(page.locator('[data-before] .toast')).toBeVisible()
  await goTo(page, 'Home')
  await expect(welcome(page, ADA)).toBeVisible()
  await expect(toasts(page)).toBeVisible()
  await page.clock.runFor(LONG)
  await expect(toasts(page)).toHaveCount(0)
})

test('one stays while somebody points at it or has the focus in it, and is dismissed without losing the focus', async ({ page }) => {
  await page.clock.install()
  await signUp(page, ADA)
  await copy(page)
  await toasts(page).hover()
  await page.clock.runFor(LONG)
  await expect(toasts(page)).toBeVisible()
  const dismiss = toasts(page).getByRole('button', { name: 'Dismiss' })
  await tabTo(page, dismiss)
  await page.mouse.move(0, 0)
  await page.clock.runFor(LONG)
  await expect(toasts(page)).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(toasts(page)).toHaveCount(0)
  await expect.poll(() => holdsFocus(page.locator('main'))).toBe(true)
})

test('said again, it is there once; with others, three at most', async ({ page, anotherBrowser }) => {
  await signUp(page, ADA)
  for (let other = 0; other < 2; other += 1) await signInElsewhere(await anotherBrowser(), ADA)
  await goTo(page, 'Sessions')
  await page.getByRole('button', { name: /^End/ }).first().click()
  await expect(toasts(page)).toHaveText(['The session has ended.'])
  await signOutElsewhere(page)
  await expect.poll(() => fromAbove(page)).toEqual(['The session has ended.', 'You are signed out everywhere else.'])
  await copyTwice(page)
  await expect.poll(() => fromAbove(page)).toEqual([/ended/, /everywhere else/, /copied/].map((word) => expect.stringMatching(word)))
  await goTo(page, 'Security')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export my data' }).click()
  await download
  await expect.poll(() => fromAbove(page)).toEqual([/everywhere else/, /copied/, /downloads/].map((word) => expect.stringMatching(word)))
})

/** Returns the texts of the toasts from top to bottom. */
async function fromAbove(page: Page): Promise<string[]> {
  const said = await toasts(page).evaluateAll((all) => all.map((one) => ({ at: one.getBoundingClientRect().top, text: one.textContent ?? '' })))
  return said.toSorted((a, b) => a.at - b.at).map(({ text }) => text)
}

async function copyTwice(page: Page): Promise<void> {
  await goTo(page, 'Token')
  for (let time = 0; time < 2; time += 1) await page.getByRole('button', { name: 'Copy' }).click()
}

test('it follows the language', async ({ page }) => {
  await signUp(page, ADA)
  await copy(page)
  await page.getByRole('button', { name: 'Account menu' }).click()
  await page.getByRole('dialog', { name: 'Account menu' }).getByLabel('Language').selectOption({ label: '한국어' })
  await expect(toasts(page)).toHaveText([/[가-힣]/])
  await expect(toasts(page).getByRole('button')).toHaveAccessibleName(/[가-힣]/)
})

for (const width of [320, 390, 768, 1280]) {
  test(`it covers neither the navigation nor what has the focus, at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 640 })
    await signUp(page, ADA)
    await open(page, '/account/security')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export my data' }).focus()
    await page.keyboard.press('Enter')
    await download
    await expect(toasts(page)).toBeVisible()
    expect(await covered(page)).toEqual([])
    // The same must be true at every Tab stop.
    await page.evaluate(() => scrollTo(0, 0))
    const stops = page.locator('main :is(input, button):not([inert] *)')
    for (const stop of await stops.all()) {
      if (!(await stop.isVisible())) continue
      await tabTo(page, stop)
      expect(await covered(page)).toEqual([])
    }
  })
}

/** Returns the navigation links and the focused element, as far as the toast covers them. */
function covered(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const box = document.querySelector('.toast')?.getBoundingClientRect()
    if (!box) return ['there is no toast']
    return [...document.querySelectorAll('nav a, :focus')]
      .filter((one) => one.localName !== 'html' && one.localName !== 'body')
      .filter((one) => {
        const { top, right, bottom, left } = one.getBoundingClientRect()
        return top < box.bottom && bottom > box.top && left < box.right && right > box.left
      })
      .map((one) => one.outerHTML.slice(0, 80))
  })
}

test('a copy that the browser refuses is told where it was asked for', async ({ page, context }) => {
  await context.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))
  })
  await signUp(page, ADA)
  await goTo(page, 'Token')
  await expect(heading(page, 'Token')).toBeVisible()
  await page.getByRole('button', { name: 'Copy' }).click()
  await expect(page.getByRole('main').getByRole('alert')).toContainText('did not allow')
  await expect(toasts(page)).toHaveCount(0)
})
