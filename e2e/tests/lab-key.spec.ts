import type { Page } from '@playwright/test'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import type { Origin } from '../support/origin.ts'
import {
  ADA,
  confirmItsYou,
  goTo,
  heading,
  passwordField,
  signIn,
  signInAgain,
  signOut,
  signUp,
  welcome,
} from '../support/people.ts'
import { keepKeyless, KEYLESS, loseKey, readProof } from '../support/proof.ts'
import { refreshFromElsewhere, refreshToken, storedSession } from '../support/stored-session.ts'
import { apiError, sessionEnded } from '../support/answers.ts'

test.use({ settings: { LATCHKEY_TOKENS__REFRESH_GRACE: '1s' } })

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(httpError(401)))

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }
const LIST = { method: 'GET', path: '/api/me/sessions' }
const BEGIN = { method: 'POST', path: /^\/api\/auth\/(signup|login)$/ }

/** Makes the page refresh its token, by an injected 401 for the current one. */
async function refresh(page: Page, origin: Origin): Promise<void> {
  const refused = origin.faults.on(LIST, apiError(401, 'token_expired'), 1)
  await goTo(page, 'Profile')
  await goTo(page, 'Sessions')
  await expect.poll(() => refused.hits).toBe(1)
}

/** Makes the page refresh its token, and asserts that the refresh succeeds. */
async function refreshes(page: Page, origin: Origin): Promise<void> {
  const { generation = 0 } = await storedSession(page)
  await refresh(page, origin)
  await expect(page.getByText('This session')).toBeVisible()
  expect((await storedSession(page)).generation).toBe(generation + 1)
}

const sid = async (page: Page) => (await storedSession(page)).sid

test('sign-up, sign-in and every refresh prove one key, and no script can read it out', async ({ page, origin }) => {
  await signUp(page, ADA)
  await refreshes(page, origin)
  await signOut(page)
  await signIn(page, ADA)
  await refreshes(page, origin)
  const calls = origin.exchanges.filter(({ path, method }) => method === 'POST' && /(signup|login|refresh)$/.test(path))
  const proofs = calls.map(({ proof = '' }) => readProof(proof))
  expect(proofs).toHaveLength(4)
  expect(new Set(proofs.map(({ key }) => key)).size).toBe(1)
  expect(new Set(proofs.map(({ claims }) => claims.jti)).size).toBe(proofs.length)
  for (const [index, { header, claims }] of proofs.entries()) {
    expect(header).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256' } })
    expect(header.jwk).not.toHaveProperty('d')
    expect(claims).toMatchObject({ htm: 'POST', htu: `${origin.url}${calls[index]?.path}` })
  }
  expect(await exported(page)).toEqual(['InvalidAccessError', 'InvalidAccessError'])
})

/** Tries to export the private key in two formats; returns `exported` or the name of the error for each. */
function exported(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const asked = <T>(request: IDBRequest<T>) => new Promise<T>((done) => (request.onsuccess = () => done(request.result)))
    const database = await asked(indexedDB.open('latchkey'))
    const pair = (await asked(database.transaction('keys').objectStore('keys').get('session'))) as CryptoKeyPair
    database.close()
    return Promise.all(
      (['jwk', 'pkcs8'] as const).map((format) =>
        crypto.subtle.exportKey(format, pair.privateKey).then(() => 'exported', (error: DOMException) => error.name),
      ),
    )
  })
}

test('tabs that need a key at once make one', async ({ page, context, origin }) => {
  const tabs = [page, ...(await Promise.all([1, 2, 3].map(() => context.newPage())))]
  await Promise.all(tabs.map((tab) => tab.goto('/login')))
  await Promise.all(tabs.map((tab) => expect(heading(tab, 'Sign in')).toBeVisible()))
  await loseKey(page)
  const proofs = await Promise.all(
    tabs.map((tab) =>
      tab.evaluate(() => {
        const { latchkeyProve } = window as unknown as { latchkeyProve: (...told: unknown[]) => Promise<string> }
        return Promise.all([1, 2, 3].map(() => latchkeyProve('POST', '/api/auth/login', 1)))
      }),
    ),
  )
  const keys = proofs.flat().map((proof) => readProof(proof).key)
  expect(keys).toHaveLength(12)
  expect(new Set(keys).size).toBe(1)
  expect(origin.seen(BEGIN)).toHaveLength(0)
})

for (const [how, script] of Object.entries(KEYLESS)) {
  test(`where ${how}, all works without a key`, async ({ page, context, origin }) => {
    await keepKeyless(context, script)
    await signUp(page, ADA)
    await refreshes(page, origin)
    await page.reload()
    await refreshes(page, origin)
    await signOut(page)
    await signIn(page, ADA)
    await expect(welcome(page, ADA).or(heading(page, 'Sessions'))).toBeVisible()
    const calls = [...origin.seen(BEGIN), ...origin.seen(REFRESH)]
    expect(calls).toHaveLength(4)
    for (const { proof } of calls) expect(proof).toBeUndefined()
  })
}

for (const minutes of [-10, 10]) {
  test(`a clock that is off by ${minutes} minutes costs one question more at most, and no refresh any`, async ({
    page,
    context,
    origin,
  }) => {
    await context.addInitScript((skew) => {
      const right = Date.now.bind(Date)
      Date.now = () => right() + skew
    }, minutes * 60_000)
    await signUp(page, ADA)
    await refreshes(page, origin)
    await refreshes(page, origin)
    expect(origin.seen(BEGIN).length).toBeLessThanOrEqual(2)
    expect(origin.seen(REFRESH).map(({ status }) => status)).toEqual([200, 200])
    for (const { proof } of [...origin.seen(BEGIN), ...origin.seen(REFRESH)]) expect(proof).toBeDefined()
  })
}

test('a refresh that reaches the server twice asks nobody for the password', async ({ page, origin }) => {
  await signUp(page, ADA)
  const twice = origin.faults.on(REFRESH, { kind: 'duplicate' }, 1)
  await refresh(page, origin)
  await expect(page.getByText('This session')).toBeVisible()
  expect(twice.hits).toBe(1)
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('a stolen cookie is worth nothing: it is refused wherever it is shown, and its owner goes on', async ({
  page,
  context,
  origin,
  anotherBrowser,
}) => {
  await signUp(page, ADA)
  const own = await sid(page)
  const copies = [await refreshToken(context)]
  await refreshes(page, origin)
  copies.push(await refreshToken(context))
  for (const copy of copies) expect(await refreshFromElsewhere(origin.url, copy)).toBe('token_invalid')

  const thief = await anotherBrowser()
  await thief.addCookies(await context.cookies())
  const tab = await thief.newPage()
  await tab.goto('/account/sessions')
  await expect(heading(tab, 'Sign in')).toBeVisible()
  await expect(tab.getByText(ADA.name)).toHaveCount(0)

  await refreshes(page, origin)
  expect(await sid(page)).toBe(own)
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('where the key is lost, the page asks for the password calmly, keeps what was typed, and the session goes on in all tabs', async ({
  page,
  context,
  origin,
}) => {
  await signUp(page, ADA)
  const own = await sid(page)
  const second = await context.newPage()
  await second.goto('/account/security')
  await second.getByLabel('Current password').fill('half typed')
  await goTo(page, 'Profile')
  const name = page.getByRole('main').getByLabel('Display name')
  await name.fill('Augusta Ada King')
  await loseKey(page)
  const change = { method: 'PATCH', path: '/api/me' }
  origin.faults.on(change, apiError(401, 'token_expired'), 1)
  await page.getByRole('button', { name: 'Save' }).click()
  for (const tab of [page, second]) {
    await expect(confirmItsYou(tab)).toContainText('no longer has the key')
    await expect(confirmItsYou(tab)).not.toContainText(/safety|copy|somebody/)
  }
  await passwordField(confirmItsYou(page)).fill(ADA.password)
  await confirmItsYou(page).getByRole('button', { name: 'Continue' }).click()
  for (const tab of [page, second]) await expect(tab.locator('dialog[open]')).toHaveCount(0)
  await expect(page.getByText('Saved.')).toBeVisible()
  await expect(name).toHaveValue('Augusta Ada King')
  await expect(second.getByLabel('Current password')).toHaveValue('half typed')
  expect(await sid(page)).toBe(own)
  await refreshes(page, origin)
  await refreshes(second, origin)
  await expect(page.locator('[data-session]')).toHaveCount(1)
})

test('whoever would rather be someone else is signed out of the session whose key is lost', async ({ page, origin }) => {
  await signUp(page, ADA)
  await loseKey(page)
  await refresh(page, origin)
  await confirmItsYou(page).getByRole('button', { name: 'Sign in as someone else' }).click()
  await expect(heading(page, 'Sign in')).toBeVisible()
  await expect.poll(async () => (await storedSession(page)).state).toBe('signed_out')
})

for (const { cleared, keep } of [
  { cleared: 'the key', keep: true },
  { cleared: 'all but the cookies', keep: false },
]) {
  test(`a browser that starts without ${cleared} leads to the sign-in page, with a calm word, and the session goes on`, async ({
    page,
    origin,
  }) => {
    await signUp(page, ADA)
    const own = await sid(page)
    await loseKey(page)
    if (keep) {
      await refresh(page, origin)
      await expect(confirmItsYou(page)).toBeVisible()
    } else {
      await page.evaluate(() => localStorage.clear())
    }
    await page.goto('/account/sessions')
    await expect(heading(page, 'Sign in')).toBeVisible()
    await expect(page.getByText('no longer has the key')).toBeVisible()
    await expect(signInAgain(page)).toHaveCount(0)
    await signIn(page, ADA)
    await expect(page.getByText('This session')).toBeVisible()
    expect(await sid(page)).toBe(own)
    await expect(page.locator('[data-session]')).toHaveCount(1)
  })
}

for (const remembered of [true, false]) {
  test(`a key that was out of reach for a while is found at the next start, ${remembered ? '' : 'not '}remembered`, async ({
    page,
    context,
    origin,
  }) => {
    await context.addInitScript((remembered) => localStorage.setItem('latchkey.remember', String(remembered)), remembered)
    await signUp(page, ADA)
    await signOut(page)
    await signIn(page, ADA)
    await expect(welcome(page, ADA)).toBeVisible()
    const own = await sid(page)
    await page.evaluate(
      (remembered) => localStorage.setItem('latchkey.session', JSON.stringify({ state: 'key_lost', remembered })),
      remembered,
    )
    await page.goto('/account/sessions')
    await expect(page.getByText('This session')).toBeVisible()
    await expect(page.getByText('no longer has the key')).toHaveCount(0)
    expect(origin.seen(REFRESH).map(({ status }) => status)).toEqual([200])
    expect(await sid(page)).toBe(own)
  })
}

test('whoever comes back without a key after the session has ended is told that it has', async ({ page, origin }) => {
  await signUp(page, ADA)
  await page.evaluate(() => localStorage.setItem('latchkey.session', '{"state":"key_lost","remembered":true}'))
  origin.faults.on(REFRESH, sessionEnded('admin'), 1)
  await page.goto('/account/sessions')
  await expect(heading(page, 'Sign in')).toBeVisible()
  await expect(page.getByText('An administrator ended your session.')).toBeVisible()
  await page.reload()
  await expect(heading(page, 'Sign in')).toBeVisible()
  await expect(page.getByText('no longer has the key')).toHaveCount(0)
})
