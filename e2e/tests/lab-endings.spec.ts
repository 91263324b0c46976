import type { BrowserContext, Page } from '@playwright/test'
import { httpError } from '../support/console-errors.ts'
import { expect, test, type Latchkey } from '../support/fixtures.ts'
import {
  ADA,
  goTo,
  GRACE,
  heading,
  passwordField,
  signIn,
  signInAgain,
  signUp,
  welcome,
  signOutElsewhere,
} from '../support/people.ts'
import { refreshFromElsewhere, refreshToken, storedSession } from '../support/stored-session.ts'

// The grace time is short enough for a copied refresh token to be proof of theft within the test. Binding is off: with
// the browser's key, the copy would be useless.
test.use({ settings: { LATCHKEY_TOKENS__REFRESH_GRACE: '1s', LATCHKEY_SESSIONS__BIND: 'off' } })

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(httpError(401)))

test('signing in again in one tab closes the dialog of the other, and both go on', async ({
  page,
  context,
  anotherBrowser,
}) => {
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  const second = await tabAt(context, '/account/security')
  await second.getByLabel('Current password').fill('half typed')
  await endFromElsewhere(await anotherBrowser())
  await goTo(page, 'Sessions')
  for (const tab of [page, second]) await expect(signInAgain(tab)).toContainText('ended this session from another device')
  await answerDialog(page)
  for (const tab of [page, second]) await expect(signInAgain(tab)).toBeHidden()
  await expect(page.getByText('This session')).toBeVisible()
  await expect(second.getByLabel('Current password')).toHaveValue('half typed')
  await goTo(second, 'Profile')
  await expect(second.getByRole('main').getByLabel('Display name')).toHaveValue(ADA.name)
})

test('a change of the password waits for a refresh that its own tab has under way', async ({ page, origin }) => {
  const REFRESH = { method: 'POST', path: '/api/auth/refresh' }
  await signUp(page, ADA)
  // The token was issued some time ago: it is still valid, and a refresh is due as soon as the tab is used.
  await page.evaluate(() => {
    const record = JSON.parse(localStorage.getItem('latchkey.session') ?? '') as Record<string, string>
    for (const time of ['received_at', 'access_expires_at']) {
      record[time] = new Date(Date.parse(record[time] ?? '') - 500_000).toISOString()
    }
    localStorage.setItem('latchkey.session', JSON.stringify(record))
  })
  const slow = origin.faults.on(REFRESH, { kind: 'delay', milliseconds: 5_000 }, 1)
  await page.goto('/account/security')
  await page.getByLabel('Current password').fill(ADA.password)
  await page.getByLabel('New password').fill('difference engine 1822')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('Your password is changed.')).toBeVisible()
  await expect.poll(() => origin.seen(REFRESH).map(({ status }) => status)).toEqual([200])
  expect(slow.hits).toBe(1)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect((await storedSession(page)).state).toBe('signed_in')
})

test('signing in as someone else in one tab resets the other completely', async ({ page, context, anotherBrowser }) => {
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  const second = await tabAt(context, '/account/security')
  await second.getByLabel('Current password').fill('only for Ada')
  await signUp(await (await anotherBrowser()).newPage(), GRACE)
  await endFromElsewhere(await anotherBrowser())
  await goTo(page, 'Home')
  await expect(signInAgain(second)).toBeVisible()
  await signInAgain(page).getByRole('button', { name: 'Sign in as someone else' }).click()
  await signIn(page, GRACE)
  await expect(welcome(page, GRACE)).toBeVisible()
  await expect(signInAgain(second)).toBeHidden()
  await expect(second.getByText(ADA.email)).toHaveCount(0)
  await expect(second.getByText(ADA.name)).toHaveCount(0)
  for (const typed of await second.getByLabel('Current password').all()) await expect(typed).toHaveValue('')
  await goTo(second, 'Profile')
  await expect(second.getByRole('main').getByLabel('Display name')).toHaveValue(GRACE.name)
  await expect(second.getByText(ADA.name)).toHaveCount(0)
})

test('signing in as someone else in the same tab resets it completely', async ({ page, anotherBrowser }) => {
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  await page.getByRole('main').getByLabel('Display name').fill('only for Ada')
  await goTo(page, 'Token')
  await expect(page.getByTestId('token-log').getByRole('listitem')).not.toHaveCount(0)
  await signUp(await (await anotherBrowser()).newPage(), GRACE)
  await endFromElsewhere(await anotherBrowser())
  await goTo(page, 'Profile')
  await signInAgain(page).getByRole('button', { name: 'Sign in as someone else' }).click()
  for (const trace of [ADA.email, ADA.name]) expect(await page.content()).not.toContain(trace)
  await signIn(page, GRACE)
  await expect(heading(page, 'Profile'), 'the page that she was on').toBeVisible()
  await expect(page.getByRole('main').getByLabel('Display name')).toHaveValue(GRACE.name)

  await goTo(page, 'Token')
  await expect(page.getByTestId('token-log').getByRole('listitem'), 'the log begins anew').toHaveText([/You signed in in this tab/])
  await goTo(page, 'Sessions')
  await expect(page.locator('[data-session]')).toHaveCount(2)
  for (const trace of [ADA.email, ADA.name, 'only for Ada']) {
    expect(await page.content()).not.toContain(trace)
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain(trace)
  }
})

for (const { how, notice } of [
  { how: 'the next change of page', notice: (page: Page) => goTo(page, 'Security') },
  {
    how: 'the return to the tab',
    notice: (page: Page) => page.evaluate(() => void window.dispatchEvent(new Event('focus'))),
  },
]) {
  test(`a session that was ended from elsewhere shows at ${how}, with the reason`, async ({ page, anotherBrowser }) => {
    await signUp(page, ADA)
    await goTo(page, 'Profile')
    await expect(heading(page, 'Profile')).toBeVisible()
    await endFromElsewhere(await anotherBrowser())
    await expect(signInAgain(page)).toBeHidden()
    await notice(page)
    await expect(signInAgain(page)).toContainText('ended this session from another device')
    expect(await storedSession(page)).toMatchObject({ state: 'signed_out', reason: 'signed_out_elsewhere' })
  })
}

test('a call that met the end is carried out after signing in again', async ({ page, anotherBrowser }) => {
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  const name = page.getByRole('main').getByLabel('Display name')
  await name.fill('Augusta Ada King')
  await endFromElsewhere(await anotherBrowser())
  await page.getByRole('button', { name: 'Save' }).click()
  await answerDialog(page)
  await expect(page.getByText('Saved.')).toBeVisible()
  await page.reload()
  await expect(name).toHaveValue('Augusta Ada King')
})

test('a stolen session shows as what it is, with what to do, in English and in Korean', async ({
  page,
  context,
  latchkey,
}) => {
  await signUp(page, ADA)
  await theft(page, context, latchkey)
  await goTo(page, 'Sessions')
  const dialog = signInAgain(page)
  await expect(dialog).toContainText('ended for safety: it looks as if a copy of it was used')
  await expect(dialog).toContainText('change your password')
  await answerDialog(page)
  const ended = page.locator('[data-session]').filter({ hasText: 'Ended for safety: a copy may have been used' })
  await expect(ended).toContainText('Change your password.')
  await speakKorean(page)
  const inKorean = page.locator('[data-session]').filter({ hasText: '로그인 세션이 복제되어 사용된 것으로 보여 종료됨' })
  await expect(inKorean).toContainText('비밀번호를 변경해 주세요.')
})

test('the dialog of a stolen session says in Korean what it is, and what to do', async ({ page, context, latchkey }) => {
  await signUp(page, ADA)
  await speakKorean(page)
  await theft(page, context, latchkey)
  await page.locator('nav a[href="/account/sessions"]').click()
  const dialog = page.getByRole('dialog', { name: '다시 로그인' })
  await expect(dialog).toContainText('로그인 세션이 복제되어 사용된 것으로 보여')
  await expect(dialog).toContainText('비밀번호를 변경해 주세요.')
  await dialog.getByLabel('비밀번호', { exact: true }).fill(ADA.password)
  await dialog.getByRole('button', { name: '로그인', exact: true }).click()
  await expect(dialog).toBeHidden()
})

async function speakKorean(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Account menu' }).click()
  // The language is saved in the account as well.
  const saved = page.waitForResponse((answer) => answer.url().endsWith('/api/me'))
  await page.getByRole('dialog', { name: 'Account menu' }).getByLabel('Language').selectOption({ label: '한국어' })
  await saved
  await expect(page.locator('html')).toHaveAttribute('lang', 'ko')
  await page.keyboard.press('Escape')
}

async function tabAt(context: BrowserContext, path: string): Promise<Page> {
  const tab = await context.newPage()
  await tab.goto(path)
  await expect(tab.getByRole('navigation', { name: 'Account' })).toBeVisible()
  return tab
}

/** Signs Ada in on another device and ends all of her other sessions from there. */
async function endFromElsewhere(elsewhere: BrowserContext): Promise<void> {
  const page = await elsewhere.newPage()
  await page.goto('/login')
  await signIn(page, ADA)
  await goTo(page, 'Sessions')
  await signOutElsewhere(page)
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible()
}

async function answerDialog(page: Page): Promise<void> {
  const dialog = signInAgain(page)
  await passwordField(dialog).fill(ADA.password)
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(dialog).toBeHidden()
}

/** Copies the refresh token, and sends it again long after the owner has used its successor. */
async function theft(page: Page, context: BrowserContext, { origin }: Latchkey): Promise<void> {
  const copy = await refreshToken(context)
  const first = await storedSession(page)
  // Without stored state, the page gets the next token by its refresh cookie, and then uses it.
  await page.evaluate(() => localStorage.clear())
  await page.reload()
  await expect(page.locator('h1')).toContainText(ADA.name)
  await expect.poll(async () => (await storedSession(page)).generation).toBe((first.generation ?? 0) + 1)
  await expect
    .poll(() => refreshFromElsewhere(origin.url, copy), { intervals: [1_500], timeout: 60_000 })
    .toBe('replay_detected')
}
