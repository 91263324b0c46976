import { CONNECTION_BROKE } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { heading } from '../support/people.ts'

test('a violation of the content policy does not go unnoticed', async ({ page, consoleErrors }) => {
  await page.goto('/login')
  await expect(heading(page, 'Sign in')).toBeVisible()
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'window.smuggled = true'
    document.body.append(script)
  })
  await expect.poll(() => consoleErrors.unexpected.join()).toContain('Content Security Policy')
  consoleErrors.expect(/Content Security Policy/)
  expect(await page.evaluate(() => 'smuggled' in window)).toBe(false)
})

test('an error in the console does not go unnoticed', async ({ page, consoleErrors }) => {
  await page.goto('/login')
  await page.evaluate(() => console.error('the page broke'))
  await expect.poll(() => consoleErrors.unexpected.join()).toContain('the page broke')
  consoleErrors.expect(/the page broke/)
})

test('the origin can lose an answer after the server has acted', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(CONNECTION_BROKE)
  await page.goto('/login')
  const loss = origin.faults.on({ path: '/api/health/live' }, { kind: 'lose the answer' }, 1)
  const ask = () => page.evaluate(() => fetch('/api/health/live').then((answer) => answer.status, () => 'broke'))
  expect(await ask()).toBe('broke')
  expect(await ask()).toBe(200)
  expect(loss.hits).toBe(1)
})

test('a missing file is not answered with the page', async ({ request }) => {
  expect((await request.get('/nope.js')).status()).toBe(404)
  expect((await request.get('/account/sessions')).headers()['content-type']).toContain('text/html')
})
