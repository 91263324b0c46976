import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, fillInSignUp, goTo, signUp } from '../support/people.ts'
import { send } from '../support/states.ts'

const INITIALS = {
  'e\u{301}lodie': 'e\u{301}',
  '👩‍👩‍👧‍👦 Family': '👩‍👩‍👧‍👦',
  '🏴󠁧󠁢󠁥󠁮󠁧󠁿🇰🇷': '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  '\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}': '\u{1112}\u{1161}\u{11AB}',
  'नीला': 'नी',
}

test('the initial in the header is a whole letter', async ({ page }) => {
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  for (const [name, initial] of Object.entries(INITIALS)) {
    await page.getByRole('main').getByLabel('Display name').fill(name)
    await send(page)
    await expect(page.locator('button.avatar')).toHaveText(initial)
  }
})

test('a name stands by itself: it turns no other text around', async ({ page }) => {
  const name = '(\u{5E2}\u{5D3}\u{5D4}'
  await signUp(page, { ...ADA, name })
  for (const place of ['h1', '.who', 'main dl']) {
    await expect(page.locator(`${place} bdi`, { hasText: name })).toHaveCount(1)
  }
  // The greeting runs from left to right, and the name after it from right to left.
  const left = (selector: string) => page.locator(selector).evaluate((one) => one.getBoundingClientRect().left)
  expect(await left('h1 span >> nth=0')).toBeLessThan(await left('h1 bdi'))
  expect(await page.locator('h1 bdi').evaluate((one) => getComputedStyle(one).unicodeBidi)).toBe('isolate')
  await goTo(page, 'Profile')
  await expect(page.getByRole('main').getByLabel('Display name')).toHaveAttribute('dir', 'auto')
})

for (const [what, name, words] of [
  ['of which nothing can be seen', '\u{3164}\u{200B}', 'at least one character that can be seen'],
  ['that turns the text around', 'Ada\u{202E}', 'invisible characters'],
] as const) {
  test(`a name ${what} is refused in words, before it is sent`, async ({ page, origin }) => {
    await page.goto('/signup')
    await fillInSignUp(page, { ...ADA, name })
    await send(page)
    await expect(page.getByRole('alert').filter({ visible: true })).toContainText(words)
    expect(origin.exchanges.filter(({ path }) => path === '/api/auth/signup')).toEqual([])
  })
}

test('a name with a pile of marks is refused in words, and stays as it was typed', async ({ page, consoleErrors }) => {
  consoleErrors.expect(httpError(422))
  const name = `Z${'\u{30D}\u{335}'.repeat(20)}`
  await page.goto('/signup')
  await fillInSignUp(page, { ...ADA, name })
  await send(page)
  await expect(page.getByRole('alert').filter({ visible: true })).toContainText('too many marks')
  await expect(page.getByLabel('Display name')).toHaveValue(name)
})

test('an address is taken without what came along with it, and refused where the network cannot hold it', async ({ page, consoleErrors }) => {
  consoleErrors.expect(/status of 422/)
  await page.goto('/signup')
  await fillInSignUp(page, { ...ADA, email: 'ada@exam％ple.org' })
  await send(page)
  await expect(page.getByRole('alert').filter({ visible: true })).toContainText('Enter an address such as')
  await page.getByLabel('Email').fill('\u{200B}संपर्क@उदाहरण.भारत\u{A0}')
  await send(page)
  await expect(page.locator('.who bdi').last()).toHaveText('संपर्क@उदाहरण.भारत')
})
