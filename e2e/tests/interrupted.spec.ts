import type { Page } from '@playwright/test'
import { apiError } from '../support/answers.ts'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import type { Fault } from '../support/faults.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, bar, goTo, heading, signUp, welcome } from '../support/people.ts'
import { untilTheTokenHasEnded } from '../support/time.ts'
import { isMarked, mark } from '../support/disturbances.ts'

test.use({ settings: { LATCHKEY_TOKENS__ACCESS_LIFETIME: '2s' } })

// A token may expire on its way to the server: the request is then refused, and retried with the next token.
test.beforeEach(({ consoleErrors }) => consoleErrors.expect(httpError(401)))

const API = { path: /^\/api\// }
const REFRESH = { method: 'POST', path: '/api/auth/refresh' }

const FAULTS: Record<string, Fault> = {
  'answers 500': { kind: 'answer', status: 500 },
  'answers 502 with a page of the proxy': {
    kind: 'answer',
    status: 502,
    body: '<h1>Bad Gateway</h1>',
    headers: { 'content-type': 'text/html' },
  },
  'answers 429': { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
  'answers rubbish': { kind: 'answer', status: 200, body: '{"access_token":' },
  'cuts every connection': { kind: 'cut' },
}

for (const [what, fault] of Object.entries(FAULTS)) {
  test(`nobody is signed out while the API ${what}, and it heals`, async ({ page, origin, consoleErrors }) => {
    consoleErrors.expect(httpError(500), httpError(502), httpError(429), CONNECTION_BROKE)
    await signUp(page, ADA)
    await mark(page)
    await untilTheTokenHasEnded(page)
    const trouble = origin.faults.on(API, fault)
    await goTo(page, 'Sessions')
    await expect(bar(page)).toBeVisible()
    await expect(heading(page, 'Sign in')).toBeHidden()
    trouble.lift()
    await expect(bar(page)).toBeHidden()
    await expect(heading(page, 'Sessions')).toBeVisible()
    await expect(page.getByText('This session')).toBeVisible()
    expect(trouble.hits).toBeGreaterThan(0)
    expect(await isMarked(page)).toBe(true)
  })
}

for (const way of ['signed in', 'at the start'] as const) {
  test(`the bar is announced once, however often it is tried, ${way}`, async ({ page, origin, consoleErrors }) => {
    consoleErrors.expect(httpError(500))
    await signUp(page, ADA)
    await untilTheTokenHasEnded(page)
    const trouble = origin.faults.on(API, { kind: 'answer', status: 500 })
    if (way === 'at the start') await page.evaluate(() => (localStorage.clear(), location.reload()))
    else await goTo(page, 'Sessions')
    await expect(bar(page)).not.toBeEmpty()
    await page.evaluate(() => {
      Object.assign(window, { changes: 0 })
      const status = document.querySelector('[data-testid=session-bar]')
      if (!status) throw new Error('there is no bar')
      new MutationObserver((all) => ((window as unknown as { changes: number }).changes += all.length)).observe(status, {
        childList: true,
        characterData: true,
        subtree: true,
      })
    })
    const before = trouble.hits
    await page.getByRole('button', { name: 'Try now' }).click()
    await expect.poll(() => trouble.hits).toBeGreaterThan(before + 3)
    await expect(bar(page)).not.toBeEmpty()
    expect(await page.evaluate(() => (window as unknown as { changes: number }).changes)).toBe(0)
  })
}

const NEEDING_A_TOKEN: Record<string, (page: Page) => Promise<unknown>> = {
  'whose token has ended': (page) => goTo(page, 'Sessions'),
  'who starts anew': (page) => page.reload(),
  'of whom nothing is stored': (page) => page.evaluate(() => (localStorage.clear(), location.reload())),
}

for (const [who, needToken] of Object.entries(NEEDING_A_TOKEN)) {
  test(`somebody ${who} is told the right address where this one is the wrong one, and is not signed out`, async ({
    page,
    origin,
    consoleErrors,
  }) => {
    consoleErrors.expect(httpError(403))
    await signUp(page, ADA)
    await untilTheTokenHasEnded(page)
    const moved = origin.faults.on(REFRESH, apiError(403, 'wrong_origin', { public_url: 'https://id.example.org' }))
    await needToken(page)
    await expect(bar(page)).toContainText(' https://id.example.org')
    await expect(bar(page)).not.toContainText('cannot be reached')
    moved.lift()
    await expect(bar(page)).toBeHidden()
    await expect(page.getByRole('navigation', { name: 'Account' })).toBeVisible()
    expect(moved.hits).toBeGreaterThan(0)
  })
}

test('a server that goes away and comes back signs nobody out', async ({ page, latchkey, consoleErrors }) => {
  consoleErrors.expect(httpError(502))
  await signUp(page, ADA)
  await untilTheTokenHasEnded(page)
  await latchkey.server.goAway()
  await goTo(page, 'Token')
  await expect(bar(page)).toBeVisible()
  await latchkey.server.comeBack()
  // The page's own retry may come before the click.
  const tried = page.getByRole('button', { name: 'Try now' }).click()
  await Promise.any([tried, expect(bar(page)).toBeHidden()])
  await expect(bar(page)).toBeHidden()
  await expect(heading(page, 'Token')).toBeVisible()
})

test('a reload while the server is away keeps the person signed in', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(500))
  await signUp(page, ADA)
  await untilTheTokenHasEnded(page)
  const trouble = origin.faults.on(API, { kind: 'answer', status: 500 })
  await page.reload()
  await expect(bar(page)).toBeVisible()
  await expect(heading(page, 'Sign in')).toBeHidden()
  trouble.lift()
  await expect(bar(page)).toBeHidden()
  await expect(welcome(page, ADA)).toBeVisible()
})

test('a lost answer to a refresh costs nothing: the same token is asked for again', async ({
  page,
  origin,
  consoleErrors,
}) => {
  consoleErrors.expect(CONNECTION_BROKE)
  await signUp(page, ADA)
  await untilTheTokenHasEnded(page)
  const loss = origin.faults.on(REFRESH, { kind: 'lose the answer' }, 1)
  await goTo(page, 'Sessions')
  await expect(heading(page, 'Sessions')).toBeVisible()
  await expect(page.getByText('This session')).toBeVisible()
  await expect(bar(page)).toBeHidden()
  expect(loss.hits).toBe(1)
})

test('a lost answer to a question is asked for again, and nobody sees that it was lost', async ({
  page,
  origin,
  consoleErrors,
}) => {
  consoleErrors.expect(CONNECTION_BROKE)
  await signUp(page, ADA)
  const loss = origin.faults.on({ method: 'GET', path: '/api/me/sessions' }, { kind: 'lose the answer' }, 2)
  await page.evaluate(() => {
    const seen: string[] = []
    Object.assign(window, { seen })
    new MutationObserver(() => seen.push(document.querySelector('[role=alert]')?.textContent ?? '')).observe(document, {
      subtree: true,
      childList: true,
    })
  })
  await goTo(page, 'Sessions')
  await expect(page.getByText('This session')).toBeVisible()
  expect(loss.hits).toBe(2)
  const alerts = await page.evaluate(() => (window as unknown as { seen: string[] }).seen.filter(Boolean))
  expect(alerts).toEqual([])
})
