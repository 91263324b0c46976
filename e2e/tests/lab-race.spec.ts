import { EXPECTED, expectNoNeedlessFailure, KEYED_SETTINGS, race, SETTINGS, type Scenario, type Outcome } from '../lab/race.ts'
import { httpError } from '../support/console-errors.ts'
import type { Fault } from '../support/faults.ts'
import { end, expect, serve, test } from '../support/fixtures.ts'

test.use({ settings: SETTINGS })

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(...EXPECTED))

const SCENARIO: Scenario = { tabs: 1, lost: 0, jitter: 150, locks: true, refreshes: 8, timeout: 30_000 }

/** Runs in the browser: makes the storage lock (`*.turn`) fail; without Web Locks, each tab refreshes for itself. */
function refuseNotes(): void {
  const { setItem } = Storage.prototype
  Storage.prototype.setItem = function (key: string, value: string): void {
    if (key.endsWith('.turn')) throw new Error('refused')
    setItem.call(this, key, value)
  }
}

function perRotation({ refreshes, rotations }: Outcome): number {
  return refreshes / rotations
}

/** Asserts what must be true for every row of the table. */
function expectTheZeros(outcome: Outcome, theft = 'replay_detected'): void {
  expect(outcome.signOuts, 'nobody is signed out by mistake').toBe(0)
  expect(outcome.rotations, 'the session was kept').toBeGreaterThan(0)
  expect(outcome.stolen, 'a thief is caught').toBe(theft)
}

test.describe('where nothing is lost, or comes at the second try', () => {
  // The lifetime is long enough that a retried request cannot meet two expired tokens, even on a slow machine.
  test.use({ settings: { ...SETTINGS, LATCHKEY_TOKENS__ACCESS_LIFETIME: '5s' } })

  for (const { tabs, jitter } of [
    { tabs: 1, jitter: 0 },
    { tabs: 5, jitter: 150 },
  ]) {
    test(`${tabs} tabs with answers late by up to ${jitter} ms: no false sign-out, no call seen to fail`, async ({
      context,
      latchkey,
    }) => {
      const outcome = await race(context, latchkey, { ...SCENARIO, tabs, jitter, refreshes: 6 })
      expectTheZeros(outcome)
      expect(outcome, 'nobody sees a failure').toMatchObject({ errors: [], bars: [] })
    })
  }

  test('5 tabs of a browser without locks share their refreshes', async ({ context, latchkey, browser, consoleErrors, settings }) => {
    test.slow()
    const scenario = { ...SCENARIO, tabs: 5, locks: false, refreshes: 16 }
    const shared = await race(context, latchkey, scenario)
    expectTheZeros(shared)
    expect(shared, 'nobody sees a failure').toMatchObject({ errors: [], bars: [] })

    // Tabs that cannot share may send a replaced token much too late; the long grace time keeps that out of this test.
    const another = await serve({ ...settings, LATCHKEY_TOKENS__REFRESH_GRACE: '20s' })
    const withoutNotes = await browser.newContext({ baseURL: another.origin.url })
    consoleErrors.watch(withoutNotes)
    await withoutNotes.addInitScript(refuseNotes)
    const each = await race(withoutNotes, another, scenario)
    await withoutNotes.close()
    await end(another)
    expect(perRotation(shared)).toBeLessThan(0.9 * perRotation(each))
  })

  test('3 tabs, 20 % of all answers lost, none twice in a row: nobody sees any of it', async ({ context, latchkey }) => {
    const outcome = await race(context, latchkey, { ...SCENARIO, tabs: 3, jitter: 50, lost: 0.2, sparesRetries: true })
    expectTheZeros(outcome)
    expect(outcome.lost).toBeGreaterThan(4)
    expect(outcome, 'neither bar nor error').toMatchObject({ errors: [], bars: [] })
  })
})

for (const { tabs, lost, locks } of [
  { tabs: 2, lost: 0.05, locks: true },
  { tabs: 4, lost: 0.2, locks: true },
  { tabs: 4, lost: 0.1, locks: false },
]) {
  const browser = locks ? 'a browser' : 'a browser without locks'
  test(`${tabs} tabs of ${browser}, ${lost * 100} % of all answers lost: no false sign-out`, async ({ context, latchkey }) => {
    const outcome = await race(context, latchkey, { ...SCENARIO, tabs, lost, locks })
    expectTheZeros(outcome)
    expectNoNeedlessFailure(outcome)
  })
}

test.describe('with the key', () => {
  test.use({ settings: KEYED_SETTINGS })

  for (const locks of [true, false]) {
    const browser = locks ? 'a browser' : 'a browser without locks'
    test(`4 tabs of ${browser} with a key, 20 % of all answers lost: no false sign-out, and a copy of the cookie is worth nothing`, async ({
      context,
      latchkey,
    }) => {
      const outcome = await race(context, latchkey, { ...SCENARIO, tabs: 4, lost: 0.2, locks, keyed: true })
      expectTheZeros(outcome, 'token_invalid')
      expectNoNeedlessFailure(outcome)
    })
  }
})

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }

const MISHAPS: Fault[] = [
  { kind: 'duplicate' },
  { kind: 'reorder', milliseconds: 300 },
  { kind: 'truncate the answer' },
  { kind: 'replace the answer', status: 502, body: '<h1>Bad Gateway</h1>' },
  { kind: 'answer', status: 500 },
  { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'cut' },
]

test('3 tabs whose refreshes meet every mishap there is: no false sign-out', async ({ context, latchkey, consoleErrors }) => {
  consoleErrors.expect(httpError(429), httpError(500), httpError(502))
  const rules = latchkey.origin.faults.inTurn(REFRESH, MISHAPS)
  const outcome = await race(context, latchkey, { ...SCENARIO, tabs: 3, lost: 0.1, refreshes: 16 })
  expectTheZeros(outcome)
  for (const { fault, hits } of rules) expect(hits, `a refresh met this: ${fault.kind}`).toBeGreaterThan(0)
})
