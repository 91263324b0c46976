import type { Page } from '@playwright/test'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import { Rng } from '../support/rng.ts'
import { expect, test } from '../support/fixtures.ts'
import { heading } from '../support/people.ts'

const LIVE = { path: '/api/health/live' }

test.beforeEach(async ({ page, consoleErrors }) => {
  consoleErrors.expect(CONNECTION_BROKE, httpError(504))
  await page.goto('/login')
  await expect(heading(page, 'Sign in')).toBeVisible()
})

/** Sends one request; returns the response's text, or `broke`. */
function ask(page: Page): Promise<string> {
  return page.evaluate(() => fetch('/api/health/live').then((answer) => answer.text(), () => 'broke'))
}

test('an answer can be cut in half after the server has acted', async ({ page, origin }) => {
  const whole = await ask(page)
  origin.faults.on(LIVE, { kind: 'truncate the answer' }, 1)
  const half = await ask(page)
  expect(half).not.toBe('')
  expect(whole.startsWith(half) && half.length < whole.length).toBe(true)
  expect(await ask(page)).toBe(whole)
})

test('another answer can take the place of the real one', async ({ page, origin }) => {
  origin.faults.on(LIVE, { kind: 'replace the answer', status: 504, body: 'Gateway Timeout' }, 1)
  expect(await ask(page)).toBe('Gateway Timeout')
})

test('a request can reach the server twice', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(409))
  origin.faults.on({ path: '/api/auth/signup' }, { kind: 'duplicate' }, 1)
  const signUp = () =>
    page.evaluate(async () => {
      const body = { email: 'twice@example.org', password: 'analytical engine 1843', display_name: 'Twice' }
      const headers = { 'content-type': 'application/json' }
      return (await fetch('/api/auth/signup', { method: 'POST', headers, body: JSON.stringify(body) })).status
    })
  // The response is that of the second request: the first one has created the account.
  expect(await signUp()).toBe(409)
  expect(origin.seen({ path: '/api/auth/signup' })).toHaveLength(1)
})

test('a later answer can overtake an earlier one', async ({ page, origin }) => {
  origin.faults.on(LIVE, { kind: 'reorder', milliseconds: 10_000 }, 1)
  const order = await page.evaluate(async () => {
    const order: number[] = []
    const first = fetch('/api/health/live').then(() => order.push(1))
    await new Promise((later) => setTimeout(later, 200))
    // For the same URL, the browser would wait for the first response, to cache it.
    await fetch('/api/health/live?again').then(() => order.push(2))
    await first
    return order
  })
  expect(order).toEqual([2, 1])
})

test('a call whose answer was lost can be spared until it has been answered', async ({ page, origin }) => {
  const rule = origin.faults.on(LIVE, { kind: 'lose the answer' }).sparingRetries()
  const seen: string[] = []
  const broken = () => seen.filter((text) => text === 'broke').length
  // Requests that follow at once, and the first later one, may be others than the retry: the rule spares all of them.
  while (broken() < 2 && seen.length < 2000) seen.push(await ask(page))
  expect(seen.slice(0, 3).filter((text) => text === 'broke'), 'the first alone').toEqual([seen[0]])
  expect(broken(), 'and then again').toBe(2)
  rule.lift()
})

test('faults strike by chance, and the same seed brings the same ones', async ({ page, origin }) => {
  const strikes = async () => {
    origin.faults.rng = new Rng(7)
    const rule = origin.faults.on(LIVE, { kind: 'lose the answer' }, Infinity, 0.5)
    const seen = []
    for (let time = 0; time < 12; time += 1) seen.push(await ask(page))
    rule.lift()
    return seen.map((text) => text === 'broke')
  }
  const first = await strikes()
  expect(first).toContain(true)
  expect(first).toContain(false)
  expect(await strikes()).toEqual(first)
})
