import type { BrowserContext, Page } from '@playwright/test'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { NEXT_WELCOME, nextVersion, onlyIn, remove } from '../support/next-version.ts'
import { PAGE } from '../support/origin.ts'
import { ADA, bar, goTo, heading, signInAgain, signOut, signUp, welcome } from '../support/people.ts'
import { blockStorage, storedSession } from '../support/stored-session.ts'
import { untilTheTokenHasEnded } from '../support/time.ts'
import { disturbances, watchForDisturbances } from '../support/disturbances.ts'

test.use({ settings: { LATCHKEY_TOKENS__ACCESS_LIFETIME: '2s', LATCHKEY_TOKENS__REFRESH_GRACE: '2s' } })

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(httpError(401)))

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }
const KEY = 'latchkey.session'

/** Uses the page for longer than a token lasts, and asserts that nothing disturbs the person. */
async function staysSignedIn(page: Page): Promise<void> {
  await watchForDisturbances(page)
  for (const link of ['Sessions', 'Profile']) {
    await goTo(page, link)
    await expect(heading(page, link)).toBeVisible()
    await page.waitForTimeout(700)
  }
  expect(await disturbances(page)).toEqual([])
}

test('tabs that wake together after the token has ended share refreshes, and nobody is signed out', async ({
  page,
  context,
  origin,
}) => {
  await signUp(page, ADA)
  const tabs = [page]
  while (tabs.length < 4) {
    const tab = await context.newPage()
    await tab.goto('/')
    await expect(welcome(tab, ADA)).toBeVisible()
    tabs.push(tab)
  }
  const states = await Promise.all(tabs.map((tab) => lifecycle(context, tab)))
  await Promise.all(states.map((set) => set('frozen')))
  const before = origin.seen(REFRESH).length
  const { generation = 0 } = await storedSession(page)
  // The grace time ends meanwhile as well.
  await new Promise((later) => setTimeout(later, 4_500))
  expect(origin.seen(REFRESH), 'nothing runs in a tab that sleeps').toHaveLength(before)
  await Promise.all(states.map((set) => set('active')))
  await Promise.all(tabs.map((tab) => goTo(tab, 'Sessions')))
  await Promise.all(tabs.map((tab) => expect(tab.getByText('This session')).toBeVisible()))
  await Promise.all(tabs.map((tab) => expect(bar(tab)).toBeEmpty()))
  for (const tab of tabs) await expect(signInAgain(tab)).toBeHidden()
  // On a slow machine, more than one token may have expired when they wake.
  const rotations = ((await storedSession(page)).generation ?? 0) - generation
  expect(origin.seen(REFRESH).length - before).toBeLessThan(tabs.length * rotations)
})

async function lifecycle(context: BrowserContext, page: Page) {
  const browser = await context.newCDPSession(page)
  return (state: 'frozen' | 'active') => browser.send('Page.setWebLifecycleState', { state })
}

for (const minutes of [-10, 10]) {
  test(`a browser whose clock is off by ${minutes} minutes stays signed in`, async ({ page, context }) => {
    await context.addInitScript((skew) => {
      const RightDate = Date
      const right = RightDate.now.bind(RightDate)
      globalThis.Date = new Proxy(RightDate, {
        construct: (target, words) => Reflect.construct(target, words.length ? words : [right() + skew]),
        get: (target, name) => (name === 'now' ? () => right() + skew : Reflect.get(target, name)),
      })
    }, minutes * 60_000)
    await signUp(page, ADA)
    await staysSignedIn(page)
    const { generation } = await storedSession(page)
    expect(generation).toBeGreaterThan(0)
  })
}

test('a clock that is put right while the page is open signs nobody out', async ({ page }) => {
  await signUp(page, ADA)
  for (const minutes of [-10, 20]) {
    await page.evaluate((skew) => {
      const before = Date.now.bind(Date)
      Date.now = () => before() + skew
    }, minutes * 60_000)
    await goTo(page, 'Sessions')
    await expect(page.getByText('This session')).toBeVisible()
    await goTo(page, 'Profile')
    await expect(heading(page, 'Profile')).toBeVisible()
    await expect(signInAgain(page)).toBeHidden()
  }
})

test('a tab of an old version goes on when its files are gone, and a reload brings the new one', async ({
  page,
  context,
  latchkey: { origin, server },
}) => {
  await signUp(page, ADA)
  const next = await nextVersion(PAGE)
  const gone = await onlyIn(PAGE, next)
  await server.goAway()
  origin.page = next
  await server.comeBack()
  for (const file of gone) expect((await page.request.get(`/${file}`)).status(), file).toBe(404)

  const fresh = await context.newPage()
  await fresh.goto('/')
  await expect(welcome(fresh, ADA)).toBeVisible()
  const asked = origin.seen({ path: FILE }).length
  await staysSignedIn(page)
  await goTo(page, 'Profile')
  await page.getByRole('main').getByLabel('Display name').fill('Augusta Ada King')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  expect(origin.seen({ path: FILE }), 'the old tab needs no file any more').toHaveLength(asked)

  await staysSignedIn(fresh)
  await goTo(fresh, 'Profile')
  await expect(fresh.getByRole('main').getByLabel('Display name')).toHaveValue('Augusta Ada King')
  await signOut(fresh)
  await expect(fresh.getByText(NEXT_WELCOME)).toBeVisible()
  await expect(page.getByText('Welcome back.')).toBeVisible()
  await page.reload()
  await expect(page.getByText(NEXT_WELCOME)).toBeVisible()
  await remove(next)
})

/** Files without which the page does not work. */
const FILE = /\.(css|js|wasm)$/

test('local storage that is full keeps nobody from staying signed in, in any tab', async ({ page, context }) => {
  await signUp(page, ADA)
  const second = await context.newPage()
  await second.goto('/')
  await expect(welcome(second, ADA)).toBeVisible()
  await page.evaluate(() => {
    for (let size = 2 ** 22; size >= 1; size /= 2) {
      try {
        for (let number = 0; ; number += 1) localStorage.setItem(`ballast-${size}-${number}`, 'x'.repeat(size))
      } catch {
        // The storage is full for this size; smaller items may still fit.
      }
    }
  })
  await Promise.all([staysSignedIn(page), staysSignedIn(second)])
  await page.reload()
  await expect(heading(page, 'Profile')).toBeVisible()
})

test('local storage that is blocked keeps nobody from signing in, nor after a reload', async ({ page, context }) => {
  await blockStorage(context)
  await signUp(page, ADA)
  await staysSignedIn(page)
  await page.reload()
  await expect(heading(page, 'Profile')).toBeVisible()
  const second = await context.newPage()
  await second.goto('/account/sessions')
  await expect(second.getByText('This session')).toBeVisible()
})

test('local storage that is cleared while the page runs signs nobody out', async ({ page, context }) => {
  await signUp(page, ADA)
  const second = await context.newPage()
  await second.goto('/')
  await expect(welcome(second, ADA)).toBeVisible()
  await page.evaluate(() => localStorage.clear())
  await Promise.all([staysSignedIn(page), staysSignedIn(second)])
  expect((await storedSession(second)).state).toBe('signed_in')
})

for (const [how, edit] of Object.entries({
  rubbish: () => '{"state":',
  'another type': () => '[1, 2, 3]',
  'a token that was changed': (text: string) =>
    text.replace(/"access_token":"([^"]+)"/, (_, token: string) => `"access_token":"${token.slice(0, -8)}AAAAAAAA"`),
  'a generation far ahead': (text: string) => text.replace(/"generation":\d+/, '"generation":999999'),
  'what a newer version writes beside': (text: string) =>
    JSON.stringify({ ...(JSON.parse(text) as object), step_up: { until: 5, with: ['passkey'] } }),
  'a state of a newer version': (text: string) => text.replace('"signed_in"', '"stepping_up"'),
  'without a field of this version': (text: string) => text.replace(/"generation":\d+,?/, ''),
  'times far ahead': (text: string) => text.replace(/"access_expires_at":"\d{4}/, '"access_expires_at":"2099'),
})) {
  test(`local storage that was edited by hand (${how}) signs nobody out, here or in a new tab`, async ({
    page,
    context,
    consoleErrors,
  }) => {
    consoleErrors.expect(httpError(404, '/favicon.ico'))
    await signUp(page, ADA)
    const text = await page.evaluate((key) => localStorage.getItem(key) ?? '', KEY)
    // The edit comes from another tab, so that this one gets a storage event.
    const editor = await context.newPage()
    await editor.goto('/boot.js')
    await editor.evaluate(([key, text]) => localStorage.setItem(key, text), [KEY, edit(text)] as const)
    await staysSignedIn(page)
    await untilTheTokenHasEnded(page)
    await editor.evaluate(([key, text]) => localStorage.setItem(key, text), [KEY, edit(text)] as const)
    await editor.goto('/account/sessions')
    await expect(editor.getByText('This session')).toBeVisible()
  })
}
