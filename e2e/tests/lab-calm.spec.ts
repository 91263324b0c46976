import type { Page } from '@playwright/test'
import { observations, startObserver } from '../lab/observer.ts'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import type { Fault } from '../support/faults.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, bar, goTo, heading, signUp } from '../support/people.ts'
import { storedSession } from '../support/stored-session.ts'

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }

/** Moves the page's clock eight minutes ahead: a refresh is due, and the token, of ten minutes, is still valid. */
async function untilARefreshIsDue(page: Page): Promise<void> {
  await page.evaluate(() => {
    const before = Date.now.bind(Date)
    Date.now = () => before() + 8 * 60_000
  })
}

for (const [what, fault] of Object.entries<Fault>({
  'is lost': { kind: 'lose the answer' },
  'asks to come back later': { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
})) {
  test(`nobody sees that the answer to a refresh ${what} while the token lasts`, async ({ page, origin, consoleErrors }) => {
    // The page's clock now differs from the server's, so the DPoP proof is refused once and has to be made again.
    consoleErrors.expect(CONNECTION_BROKE, httpError(401), httpError(429))
    await signUp(page, ADA)
    await startObserver(page)
    const rule = origin.faults.on(REFRESH, fault, 1)
    await untilARefreshIsDue(page)
    for (let time = 0; ((await storedSession(page)).generation ?? 0) === 0; time += 1) {
      await goTo(page, time % 2 ? 'Profile' : 'Sessions')
      await page.waitForTimeout(300)
    }
    expect(rule.hits).toBe(1)
    expect(await observations([page])).toEqual({ bars: [], errors: [], signOuts: 0 })
  })
}

test('a server that really is gone is told of, although the token lasts', async ({ page, latchkey, consoleErrors }) => {
  consoleErrors.expect(httpError(502))
  await signUp(page, ADA)
  await latchkey.server.goAway()
  await goTo(page, 'Profile')
  await expect(bar(page)).toContainText('cannot be reached')
  await expect(heading(page, 'Profile')).toBeVisible()
  await latchkey.server.comeBack()
  await expect(bar(page)).toBeEmpty()
})

test('a browser that goes offline says so by itself, and is calm again when it is back', async ({
  page,
  context,
  consoleErrors,
}) => {
  consoleErrors.expect(CONNECTION_BROKE)
  await signUp(page, ADA)
  await context.setOffline(true)
  await expect(bar(page)).toContainText('cannot be reached')
  await context.setOffline(false)
  await expect(bar(page)).toBeEmpty()
})
