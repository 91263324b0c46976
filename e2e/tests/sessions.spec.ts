import type { Page } from '@playwright/test'
import { END_REASONS, firstPage, manySessions, nextPage, apiError } from '../support/answers.ts'
import { httpError } from '../support/console-errors.ts'
import { matches, type Match } from '../support/faults.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, goTo, heading, signIn, signInAgain, signInElsewhere, signUp, welcome, signOutElsewhere } from '../support/people.ts'

test('a session ended from another browser is over there, and the list says how it ended', async ({
  page,
  anotherBrowser,
  consoleErrors,
}) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  const elsewhere = await (await anotherBrowser()).newPage()
  await elsewhere.goto('/account/profile')
  await signIn(elsewhere, ADA)
  await expect(heading(elsewhere, 'Profile')).toBeVisible()

  await goTo(page, 'Sessions')
  await expect(page.locator('[data-session]')).toHaveCount(2)
  await expect(page.locator('[data-session]', { hasText: 'This session' })).toHaveCount(1)
  await page.getByRole('button', { name: /^End/ }).click()
  await expect(page.getByRole('button', { name: /^End/ })).toHaveCount(0)
  await expect(page.getByRole('heading', { name: 'Ended in the last 30 days' })).toBeVisible()

  await goTo(elsewhere, 'Sessions')
  await expect(signInAgain(elsewhere)).toBeVisible()
  await goTo(page, 'Home')
  await expect(welcome(page, ADA)).toBeVisible()
})

test('each button is called by the session that it ends, and devices are named in Korean too', async ({
  page,
  anotherBrowser,
}) => {
  await signUp(page, ADA)
  await signInElsewhere(await anotherBrowser(), ADA)
  await goTo(page, 'Sessions')
  await expect(page.getByRole('button', { name: /^End: Chrome on Linux, 127\.0\.0\.1$/ })).toHaveText('End')
  await page.getByRole('button', { name: 'Account menu' }).click()
  await page.getByRole('dialog', { name: 'Account menu' }).getByLabel('Language').selectOption({ label: '한국어' })
  await expect(page.locator('[data-session] strong', { hasText: 'Linux의 Chrome' })).toHaveCount(2)
  await expect(page.getByRole('button', { name: /^로그아웃: Linux의 Chrome, 127\.0\.0\.1$/ })).toHaveText('로그아웃')
})

const LIST = { method: 'GET', path: /^\/api\/me\/sessions(\?|$)/ }

test('the list says of each session when it began, when it was last used, and when or why it ends', async ({
  page,
  origin,
}) => {
  const before = Date.now()
  await signUp(page, ADA)
  await goTo(page, 'Sessions')
  const own = page.locator('[data-session]').filter({ hasText: 'This session' })
  await expect(own).toContainText('Ends in 14 days')
  await expect(own).toContainText(/Last\sused\s(now|\d+\s(second|minute)s?\sago)/)
  // The date may have changed in between, at midnight.
  const midnights = [before, Date.now()].map((time) => words(time).slice(0, 12).replace(/\s/g, '\\s'))
  await expect(own).toContainText(new RegExp(`Signed in (${midnights.join('|')})`))

  // The times are far enough from a rounding limit that a slow machine does not change the text.
  const now = Date.now()
  origin.faults.on(LIST, manySessions(now))
  await goTo(page, 'Home')
  await goTo(page, 'Sessions')
  const rows = page.locator('[data-session]')
  await expect(rows).toHaveCount(12)
  const [second, expired] = [rows.nth(1), rows.filter({ hasText: 'Not used for long, or at its longest age' })]
  await expect(second).toContainText(`Signed in ${words(now - (95 * MINUTE + 3 * DAY))} · Last used 2 hours ago`)
  await expect(second).toContainText('Ends in 14 days')
  const days = END_REASONS.indexOf('expired') + 1
  await expect(expired).toContainText(`Signed in ${words(now - (days + 3) * DAY)} · Last used ${days} days ago`)
  await expect(expired).toContainText(`· ${words(now - (days * DAY - 7 * MINUTE))}`)
})

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** Formats a time as the page does, in the time zone of the tests. */
function words(at: number): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Asia/Seoul' })
    .format(at)
    .replaceAll(/\s/g, ' ')
}

test('two sessions that cannot be ended for a while each say how long', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(429))
  await signUp(page, ADA)
  origin.faults.on(LIST, manySessions())
  origin.faults.on({ method: 'DELETE' }, apiError(429, 'too_many_requests', {}, { 'retry-after': '37' }))
  await goTo(page, 'Sessions')
  for (const index of [0, 1]) {
    const button = page.getByRole('button', { name: /^End/ }).nth(index)
    await button.click()
    await expect(button).toHaveAccessibleDescription(/Try again in \d+ s\./)
  }
  await expect(page.getByRole('alert').filter({ hasText: 'Too many tries.' }), 'both go on saying so').toHaveCount(2)
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id))
  expect(ids).toEqual([...new Set(ids)])
})

test('a list that comes anew leaves an open dialog alone, and is shown once that is closed', async ({ page, origin, anotherBrowser }) => {
  await signUp(page, ADA)
  for (let other = 0; other < 2; other += 1) await signInElsewhere(await anotherBrowser(), ADA)
  await goTo(page, 'Sessions')
  const rows = page.locator('[data-session]')
  await expect(rows).toHaveCount(3)
  const held = origin.faults.hold(LIST)
  await page.getByRole('button', { name: /^End/ }).first().click()
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  await expect.poll(() => held.hits).toBe(1)
  const come = answerTo(page, LIST)
  held.lift()
  await come
  await expect(dialog).toBeVisible()
  await expect(rows.getByRole('button'), 'the list of before').toHaveCount(2)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(rows.getByRole('button')).toHaveCount(1)
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  await dialog.getByRole('button', { name: 'Sign out everywhere else' }).click()
  await expect(rows.getByRole('button')).toHaveCount(0)
})

test('of lists that come while a dialog is open the one that was asked for last is shown', async ({ page, origin }) => {
  await signUp(page, ADA)
  origin.faults.inOrder(LIST, [firstPage(4, null), firstPage(3, null), firstPage(2, null)])
  origin.faults.on({ method: 'DELETE' }, { kind: 'answer', status: 204, body: '' })
  await goTo(page, 'Sessions')
  const rows = page.locator('[data-session]')
  await expect(rows).toHaveCount(4)
  const end = page.getByRole('button', { name: /^End/ })
  const earlier = origin.faults.hold(LIST, 1)
  await end.first().click()
  await expect.poll(() => earlier.hits).toBe(1)
  const ending = origin.faults.hold({ method: 'DELETE' })
  await end.nth(1).click()
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  for (const held of [earlier, ending]) {
    const come = answerTo(page, LIST)
    held.lift()
    await come
  }
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await expect(rows).toHaveCount(2)
  // This is longer than the interval at which the page checks whether a dialog has been closed (100 ms).
  await page.waitForTimeout(300)
  await expect(rows).toHaveCount(2)
})

test('a list that is longer than a page goes on where it ended, and the focus with it', async ({ page, origin }) => {
  await signUp(page, ADA)
  const rows = page.locator('[data-session]')
  const more = page.getByRole('button', { name: 'Show more' })
  const ended = page.getByRole('heading', { name: 'Ended in the last 30 days' })
  origin.faults.inOrder(LIST, [firstPage(50, 'second'), nextPage(50, 20, 50, 'third'), nextPage(120, 0, 50, null)])
  await goTo(page, 'Sessions')
  await expect(rows).toHaveCount(50)
  await expect(ended, 'nothing is said of those that nobody has asked for').toHaveCount(0)
  for (const [count, first] of [
    [120, 50],
    [170, 120],
  ] as const) {
    await more.press('Enter')
    await expect(rows).toHaveCount(count)
    await expect(rows.nth(first), 'the focus goes on with the next one').toBeFocused()
    await expect(ended).toBeVisible()
  }
  await expect(more).toHaveCount(0)
  await expect(page.getByRole('button', { name: /^End:/ })).toHaveCount(69)
})

test('a next page that does not come is told of beside its button, and comes at the next try', async ({
  page,
  origin,
  consoleErrors,
}) => {
  consoleErrors.expect(httpError(500))
  await signUp(page, ADA)
  const rows = page.locator('[data-session]')
  const more = page.getByRole('button', { name: 'Show more' })
  const met = origin.faults.inOrder(LIST, [firstPage(50, 'second'), apiError(500, 'internal'), nextPage(50, 0, 3, null)])
  await goTo(page, 'Sessions')
  await more.click()
  await expect(page.getByRole('alert')).toContainText('Something went wrong on the server.')
  expect(met.map(({ hits }) => hits)).toEqual([1, 1, 0])
  await expect(rows).toHaveCount(50)
  await more.click()
  await expect(rows).toHaveCount(53)
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('the dialog that ends all others names some devices and how many more there are', async ({ page, origin }) => {
  await signUp(page, ADA)
  const named = page.getByRole('dialog').locator('.losses li')
  for (const [list, last] of [
    [firstPage(11, null), 'Firefox on Windows'],
    [firstPage(14, null), 'and 3 more'],
    [firstPage(14, 'more'), 'and at least 4 more'],
    [firstPage(3, 'more'), 'and at least 1 more'],
  ] as const) {
    origin.faults.on(LIST, list)
    await goTo(page, 'Home')
    await goTo(page, 'Sessions')
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await expect(named.last()).toBeVisible()
    if (last.startsWith('and')) await expect(named.last()).toHaveText(last)
    else await expect(named).toHaveCount(10)
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  }
})

test('a list that was read before somebody signed in anew begins again', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(422))
  await signUp(page, ADA)
  const rows = page.locator('[data-session]')
  const errors = [{ field: 'cursor', code: 'invalid_cursor', message: '' }]
  origin.faults.inOrder(LIST, [firstPage(50, 'foreign'), apiError(422, 'validation_failed', { errors })])
  await goTo(page, 'Sessions')
  await expect(rows).toHaveCount(50)
  await page.getByRole('button', { name: 'Show more' }).click()
  await expect(rows).toHaveCount(1)
})

test('all other sessions end at once, and this one stays', async ({ page, anotherBrowser, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  const others = []
  for (let other = 0; other < 2; other += 1) {
    others.push(await signInElsewhere(await anotherBrowser(), ADA))
  }
  await goTo(page, 'Sessions')
  await expect(page.getByRole('button', { name: /^End/ })).toHaveCount(2)
  await signOutElsewhere(page)
  await expect(page.getByRole('button', { name: /^End/ })).toHaveCount(0)
  for (const elsewhere of others) {
    await goTo(elsewhere, 'Sessions')
    await expect(signInAgain(elsewhere)).toBeVisible()
  }
  await goTo(page, 'Profile')
  await expect(heading(page, 'Profile')).toBeVisible()
})

/** Waits until the next response to such a request has arrived, and its result has been drawn. */
async function answerTo(page: Page, call: Match): Promise<void> {
  const answer = await page.waitForResponse((answer) => matches(call, answer.request().method(), new URL(answer.url()).pathname))
  await answer.finished()
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
}
