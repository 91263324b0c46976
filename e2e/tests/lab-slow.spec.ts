import { apiError } from '../support/answers.ts'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, goTo, signInAgain, signUp } from '../support/people.ts'
import { storedSession } from '../support/stored-session.ts'

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(httpError(401)))

const LIST = { method: 'GET', path: '/api/me/sessions' }

for (const ended of [1, 2, 3]) {
  test(`${ended} tokens in a row that end on their way are no failure: a call is sent again`, async ({ page, origin }) => {
    await signUp(page, ADA)
    const late = origin.faults.on(LIST, apiError(401, 'token_expired'), ended)
    await goTo(page, 'Sessions')
    await expect(page.getByText('This session')).toBeVisible()
    expect(late.hits).toBe(ended)
    expect((await storedSession(page)).generation, 'each was replaced').toBe(ended)
    await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0)
  })
}

test('after four the page says that the server is slow, signs nobody out, and goes on when it is not', async ({ page, origin }) => {
  await signUp(page, ADA)
  const late = origin.faults.on(LIST, apiError(401, 'token_expired'))
  await goTo(page, 'Sessions')
  await expect(page.getByRole('alert').filter({ hasText: 'taking too long to answer' })).toBeVisible()
  await expect(page.getByText('did not accept')).toHaveCount(0)
  expect(late.hits).toBe(4)
  await expect(signInAgain(page)).toHaveCount(0)
  late.lift()
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('This session')).toBeVisible()
})

test('a token that is refused for another reason is replaced once', async ({ page, origin }) => {
  await signUp(page, ADA)
  const refused = origin.faults.on(LIST, apiError(401, 'token_invalid'))
  await goTo(page, 'Sessions')
  await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible()
  expect(refused.hits).toBe(2)
})
