import type { Page } from '@playwright/test'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import { expect, test, type Latchkey } from '../support/fixtures.ts'
import { ADA, goTo, GRACE, heading, signIn, signOut, signUp, welcome } from '../support/people.ts'
import { blockStorage, refreshToken, storedSession } from '../support/stored-session.ts'

const LOG_OUT = { method: 'POST', path: '/api/auth/logout' }

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(CONNECTION_BROKE, httpError(502)))

/** Function that returns the status of a session on the server, whatever the browser has stored of it. */
type Ask = () => Promise<number>

/** Signs a person up; returns a function that asks the server for the status of that session. */
async function begin(page: Page, { server }: Latchkey, person = ADA): Promise<Ask> {
  const answer = page.waitForResponse((response) => response.url().endsWith('/api/auth/signup'))
  await signUp(page, person)
  const { access_token } = (await (await answer).json()) as { access_token: string }
  return async () => {
    const headers = { authorization: `Bearer ${access_token}` }
    return (await fetch(`http://127.0.0.1:${server.port}/api/auth/verify`, { headers })).status
  }
}

/** Blocks sign-out requests until the returned rule is lifted. */
function cutOff({ origin }: Latchkey) {
  return origin.faults.on(LOG_OUT, { kind: 'cut' })
}

/** Signs out while the request cannot reach the server; the page is signed out nevertheless. */
async function signOutUnheard(page: Page, latchkey: Latchkey, session: Ask) {
  const cut = cutOff(latchkey)
  await signOut(page)
  await expect(page.getByText('You signed out.')).toBeVisible()
  await expect.poll(() => cut.hits).toBeGreaterThan(0)
  expect(await session()).toBe(200)
  return cut
}

async function isOver(session: Ask): Promise<void> {
  // The pauses between retries have grown meanwhile.
  await expect.poll(session, { timeout: 60_000 }).toBe(401)
}

test('a sign-out that the server does not hear of is told again until it has', async ({ page, latchkey, context }) => {
  const session = await begin(page, latchkey)
  const cut = await signOutUnheard(page, latchkey, session)
  expect(await storedSession(page)).toMatchObject({ state: 'signing_out' })
  await expect.poll(() => cut.hits, 'also when three tries were in vain').toBeGreaterThan(3)
  cut.lift()
  await isOver(session)
  await expect.poll(async () => (await storedSession(page)).state).toBe('signed_out')
  expect((await context.cookies()).map(({ name }) => name)).toEqual([])
})

test('a sign-out while the server is away ends the session when it is back', async ({ page, latchkey }) => {
  const session = await begin(page, latchkey)
  await latchkey.server.goAway()
  await signOut(page)
  await latchkey.server.comeBack()
  await isOver(session)
})

test('a reload before the server has heard neither signs in again nor forgets to tell it', async ({ page, latchkey }) => {
  const session = await begin(page, latchkey)
  const cut = await signOutUnheard(page, latchkey, session)
  await page.goto('/account/profile')
  await expect(heading(page, 'Sign in')).toBeVisible()
  await expect(page.getByText(ADA.email)).toHaveCount(0)
  cut.lift()
  await isOver(session)
})

for (const reload of [false, true]) {
  const when = reload ? 'after a reload' : 'in the same page'
  test(`where storage is blocked, a sign-out is told again ${when}`, async ({ page, latchkey, context }) => {
    await blockStorage(context)
    const session = await begin(page, latchkey)
    const cut = await signOutUnheard(page, latchkey, session)
    if (reload) {
      await page.goto('/account/profile')
      await expect(heading(page, 'Sign in')).toBeVisible()
    }
    cut.lift()
    await isOver(session)
    await expect.poll(async () => (await context.cookies()).map(({ name }) => name)).toEqual([])
  })
}

test('another tab tells of a sign-out when the one that signed out is gone', async ({ page, latchkey, context }) => {
  const session = await begin(page, latchkey)
  const second = await context.newPage()
  await second.goto('/account/profile')
  await expect(heading(second, 'Profile')).toBeVisible()
  const cut = await signOutUnheard(page, latchkey, session)
  await expect(heading(second, 'Sign in')).toBeVisible()
  await page.close()
  cut.lift()
  await second.evaluate(() => void window.dispatchEvent(new Event('focus')))
  await isOver(session)
})

test('a sign-out that is still on its way takes no cookie from whoever signs in in another tab', async ({
  page,
  latchkey,
  context,
}) => {
  const session = await begin(page, latchkey)
  const second = await context.newPage()
  await second.goto('/account/profile')
  await expect(heading(second, 'Profile')).toBeVisible()
  latchkey.origin.faults.on(LOG_OUT, { kind: 'delay', milliseconds: 1_500 }, 1)
  await signOut(page)
  const told = page.waitForResponse((response) => response.url().endsWith(LOG_OUT.path))
  await signIn(second, ADA)
  await told
  await expect(welcome(second, ADA)).toBeVisible()
  await isOver(session)
  await second.reload()
  await expect(welcome(second, ADA)).toBeVisible()
  expect(await refreshToken(context)).not.toBe('')
})

for (const { next, blocked } of [
  { next: ADA, blocked: false },
  { next: GRACE, blocked: false },
  { next: ADA, blocked: true },
]) {
  const who = next === ADA ? 'the same person' : 'somebody else'
  const where = blocked ? ', where storage is blocked' : ''
  test(`signing in as ${who} does not make the page forget to tell of the session before${where}`, async ({
    page,
    latchkey,
    context,
    anotherBrowser,
  }) => {
    if (next === GRACE) await signUp(await (await anotherBrowser()).newPage(), GRACE)
    if (blocked) await blockStorage(context)
    const session = await begin(page, latchkey)
    const cut = await signOutUnheard(page, latchkey, session)
    await signIn(page, next)
    await expect(welcome(page, next)).toBeVisible()
    const kept = await refreshToken(context)
    cut.lift()
    await isOver(session)
    expect(await refreshToken(context), 'the session that has begun since keeps its cookie').toBe(kept)
    await goTo(page, 'Sessions')
    await expect(page.locator('[data-session]').filter({ hasText: 'This session' })).toHaveCount(1)
    await page.reload()
    await expect(heading(page, 'Sessions')).toBeVisible()
    await expect(page.getByText('This session')).toBeVisible()
  })
}
