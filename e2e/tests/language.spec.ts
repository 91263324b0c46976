import { expect, test } from '../support/fixtures.ts'
import { ADA, heading, signUp } from '../support/people.ts'

test.describe('a Korean browser', () => {
  test.use({ locale: 'ko-KR' })

  test('gets the page in Korean, and English when asked, also after a reload', async ({ page }) => {
    await page.goto('/login')
    await expect(page.locator('html')).toHaveAttribute('lang', 'ko')
    await expect(heading(page, /[가-힣]/)).toBeVisible()
    await page.getByRole('combobox').filter({ hasText: 'English' }).selectOption({ label: 'English' })
    await expect(heading(page, 'Sign in')).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
    await page.reload()
    await expect(heading(page, 'Sign in')).toBeVisible()
  })
})

test('an English browser gets the page in English, and Korean when asked', async ({ page }) => {
  await page.goto('/login')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await page.getByLabel('Language').selectOption({ label: '한국어' })
  await expect(heading(page, /[가-힣]/)).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'ko')
})

test('the chosen language belongs to the account, in every browser', async ({ page, anotherBrowser }) => {
  await signUp(page, ADA)
  await page.goto('/account/profile')
  await page.getByRole('main').getByLabel('Language').selectOption({ label: '한국어' })
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'ko')

  const elsewhere = await (await anotherBrowser()).newPage()
  await elsewhere.goto('/login')
  await elsewhere.getByLabel('Email').fill(ADA.email)
  await elsewhere.getByLabel('Password', { exact: true }).fill(ADA.password)
  await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(heading(elsewhere, /[가-힣]/)).toBeVisible()
  await expect(elsewhere.locator('html')).toHaveAttribute('lang', 'ko')
})

test('the token’s log stays when the language changes', async ({ page }) => {
  await signUp(page, ADA)
  await page.goto('/account/token')
  const lines = page.getByTestId('token-log').getByRole('listitem')
  await expect(lines).toHaveText([/Taken from local storage/])
  await page.getByRole('button', { name: 'Account menu' }).click()
  await page.getByRole('dialog', { name: 'Account menu' }).getByLabel('Language').selectOption({ label: '한국어' })
  await expect(lines).toHaveText([/로컬 저장소에서 가져옴/])
})

test('of several choices of a language the last one holds, whichever answer comes last', async ({ page, origin }) => {
  const CHANGE = { method: 'PATCH', path: '/api/me' }
  await signUp(page, ADA)
  const [slow] = origin.faults.inOrder(CHANGE, [{ kind: 'delay', milliseconds: 1_500 }])
  await page.getByRole('button', { name: 'Account menu' }).click()
  const list = page.locator('#menu-language')
  for (const language of ['ko', 'en', 'ko']) await list.selectOption(language)
  await expect.poll(() => origin.seen(CHANGE).map(({ status }) => status)).toEqual([200])
  expect(slow?.hits).toBe(1)
  await expect(page.locator('html')).toHaveAttribute('lang', 'ko')
  for (const language of ['en', 'ko', 'en']) await list.selectOption(language)
  const ofAccount = () =>
    page.evaluate(async () => {
      const { access_token } = JSON.parse(localStorage.getItem('latchkey.session') ?? '{}') as { access_token: string }
      const answer = await fetch('/api/me', { headers: { authorization: `Bearer ${access_token}` } })
      return ((await answer.json()) as { locale: string }).locale
    })
  await expect.poll(ofAccount).toBe('en')
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  expect(await ofAccount()).toBe('en')
})
