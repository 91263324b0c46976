import { expect, type Locator, type Page } from '@playwright/test'
import { countlessSessions, END_REASONS, firstPage, keyRefused, manySessions, apiError, sessionEnded } from './answers.ts'
import { httpError, CONNECTION_BROKE } from './console-errors.ts'
import type { Match } from './faults.ts'
import type { Origin } from './origin.ts'
import { followBeneath, type Person } from './people.ts'
import { hintCookieName } from './stored-session.ts'

/** Page, origin and person with which a state is reached. */
export interface StateContext {
  page: Page
  origin: Origin
  person: Person
}

/**
 * State in which a person can find the page. It is reached without text in any language, so that one description serves
 * all languages.
 */
export interface State {
  /** Name of the page and its condition; also the name of its screenshot. */
  name: string
  /** True if somebody is signed in. */
  signedIn: boolean
  /** True if the browser runs scripts. */
  scripts: boolean
  /** Browser errors that the state itself causes. */
  expectedErrors: RegExp[]
  /** Brings the page into the state; resolves when the page can be inspected. */
  reach: (stateContext: StateContext) => Promise<void>
}

const LONG = 600_000
const ANY_CALL = { path: /^\/api\// }
const LIST = { method: 'GET', path: /^\/api\/me\/sessions(\?|$)/ }

/** Failures that any submitted form can meet. */
const FAILURES = {
  'too many tries': apiError(429, 'too_many_requests', {}, { 'retry-after': '37' }),
  'server busy': apiError(503, 'overloaded', {}, { 'retry-after': '37' }),
  'server failed': apiError(500, 'internal'),
  'server out of reach': { kind: 'cut' },
} as const

/** States of the page while nobody is signed in. */
const SIGNED_OUT: State[] = [
  signedOutState('sign-in', ({ page }) => open(page, '/login')),
  signedOutState('sign-in, empty fields', async ({ page }) => {
    await open(page, '/login')
    await send(page)
    await expect(invalid(page)).toHaveCount(2)
  }),
  signedOutState(
    'sign-in, wrong password',
    async ({ page, person }) => {
      await open(page, '/login')
      await fillIn(page, { email: person.email, password: 'not her password' })
      await send(page)
      await expect(alert(page)).toBeVisible()
    },
    httpError(401),
  ),
  signedOutState(
    'sign-in, at another address than its own',
    async ({ page, origin, person }) => {
      origin.faults.on({ path: '/api/auth/login' }, apiError(403, 'wrong_origin', { public_url: 'https://id.example.org' }))
      await open(page, '/login')
      await fillIn(page, { email: person.email, password: person.password })
      await send(page)
      await expect(alert(page)).toContainText(' https://id.example.org')
    },
    httpError(403),
  ),
  ...failing('sign-in', { path: '/api/auth/login' }, async ({ page, person }) => {
    await open(page, '/login')
    await fillIn(page, { email: person.email, password: person.password })
    await send(page)
  }),
  signedOutState('sign-in, on its way', async ({ page, origin, person }) => {
    origin.faults.on({ path: '/api/auth/login' }, { kind: 'delay', milliseconds: LONG })
    await open(page, '/login')
    await fillIn(page, person)
    await send(page)
    await expect(page.locator('[aria-busy=true]')).toBeVisible()
  }),
  ...END_REASONS.map((reason) =>
    signedOutState(`sign-in, told why: ${reason}`, async ({ page }) => {
      await open(page, '/login')
      const record = { state: 'signed_out', reason, at: new Date().toISOString() }
      await page.evaluate((text) => localStorage.setItem('latchkey.session', text), JSON.stringify(record))
      await open(page, '/login')
    }),
  ),
  signedOutState(
    'sign-in, key lost',
    async ({ page, origin }) => {
      await page.context().addCookies([{ name: hintCookieName(origin.url), value: '1', url: origin.url }])
      origin.faults.on({ path: '/api/auth/refresh' }, keyRefused())
      await open(page, '/login')
      await expect(page.locator('.notice')).toBeVisible()
    },
    httpError(401),
  ),
  signedOutState('sign-up', ({ page }) => open(page, '/signup')),
  signedOutState('sign-up, empty fields', async ({ page }) => {
    await open(page, '/signup')
    await send(page)
    await expect(invalid(page)).toHaveCount(3)
  }),
  signedOutState(
    'sign-up, weak password',
    async ({ page, person }) => {
      await open(page, '/signup')
      await fillIn(page, { email: 'another@example.org', display_name: person.name, password: 'password1234' })
      await send(page)
      await expect(invalid(page)).toHaveCount(1)
    },
    httpError(422),
  ),
  signedOutState(
    'sign-up, address taken',
    async ({ page, person }) => {
      await open(page, '/signup')
      await fillIn(page, { email: person.email, display_name: person.name, password: person.password })
      await send(page)
      await expect(invalid(page)).toHaveCount(1)
    },
    httpError(409),
  ),
  ...failing('sign-up', { path: '/api/auth/signup' }, async ({ page, person }) => {
    await open(page, '/signup')
    await fillIn(page, { email: 'another@example.org', display_name: person.name, password: person.password })
    await send(page)
  }),
  signedOutState('not found', ({ page }) => open(page, '/nothing/here')),
  signedOutState('before WebAssembly', ({ page, origin }) => openShell(page, origin, '/login')),
  signedOutState('before WebAssembly, for long', async ({ page, origin }) => {
    await page.clock.install()
    await openShell(page, origin, '/login')
    await expect(page.locator('#login-email')).toBeVisible()
    await page.clock.fastForward('00:16')
    await expect(page.locator('#trouble')).toBeVisible()
  }),
  signedOutState(
    'could not be started',
    async ({ page, origin }) => {
      origin.faults.on({ path: /\.wasm$/ }, { kind: 'answer', status: 503 })
      await page.goto('/login')
      await expect(page.locator('#trouble')).toBeVisible()
    },
    httpError(503),
    /could not be started/,
    /WebAssembly|Failed to fetch/,
  ),
  signedOutState(
    'WebAssembly switched off',
    async ({ page }) => {
      await page.addInitScript(() => Reflect.deleteProperty(window, 'WebAssembly'))
      await page.goto('/login')
      await expect(page.locator('#trouble')).toBeVisible()
    },
    /switched off/,
  ),
  {
    name: 'without scripts',
    signedIn: false,
    scripts: false,
    expectedErrors: [],
    reach: async ({ page }) => {
      await page.goto('/login')
      await expect(page.locator('noscript')).toBeAttached()
    },
  },
]

/** States of the page while somebody is signed in. */
const SIGNED_IN: State[] = [
  signedInState('home', ({ page }) => open(page, '/')),
  signedInState('profile', ({ page }) => open(page, '/account/profile')),
  signedInState('profile, empty name', async ({ page }) => {
    await open(page, '/account/profile')
    await fillIn(page, { display_name: ' ' })
    await send(page)
    await expect(invalid(page)).toHaveCount(1)
  }),
  signedInState('profile, a name that nobody can see', async ({ page }) => {
    await open(page, '/account/profile')
    await fillIn(page, { display_name: '\u{3164}' })
    await send(page)
    await expect(invalid(page)).toHaveCount(1)
  }),
  signedInState('profile, saved', async ({ page, person }) => {
    await open(page, '/account/profile')
    await fillIn(page, { display_name: person.name })
    await send(page)
    await expect(page.locator('[role=status]').filter({ hasText: /\S/ })).toBeVisible()
  }),
  ...failingSignedIn('profile', { method: 'PATCH', path: '/api/me' }, async ({ page, person }) => {
    await open(page, '/account/profile')
    await fillIn(page, { display_name: person.name })
    await send(page)
  }),
  signedInState('security', ({ page }) => open(page, '/account/security')),
  signedInState('security, empty fields', async ({ page }) => {
    await open(page, '/account/security')
    await send(passwordForm(page))
    await expect(invalid(page)).toHaveCount(2)
  }),
  signedInState(
    'security, wrong password',
    async ({ page }) => {
      await open(page, '/account/security')
      await fillIn(page, { current_password: 'not her password', new_password: 'difference engine 1822' })
      await send(passwordForm(page))
      await expect(invalid(page)).toHaveCount(1)
    },
    httpError(401),
  ),
  ...failingSignedIn('security', { path: '/api/me/password' }, async ({ page, person }) => {
    await open(page, '/account/security')
    await fillIn(page, { current_password: person.password, new_password: 'difference engine 1822' })
    await send(passwordForm(page))
  }),
  signedInState('security, password changed', async ({ page, person }) => {
    await open(page, '/account/security')
    await fillIn(page, { current_password: person.password, new_password: person.password })
    await send(passwordForm(page))
    await expect(page.locator('[role=status]').filter({ hasText: /\S/ })).toBeVisible()
  }),
  signedInState('security, exported', async ({ page }) => {
    await open(page, '/account/security')
    await send(page.locator('main form').filter({ hasNot: page.locator('input') }))
    await expect(toast(page)).toBeVisible()
  }),
  signedInState('delete the account', async ({ page }) => {
    await openDeletion(page)
  }),
  signedInState(
    'delete the account, wrong password',
    async ({ page }) => {
      const dialog = await openDeletion(page)
      await fillIn(dialog, { password: 'not her password' })
      await send(dialog)
      await expect(invalid(dialog)).toHaveCount(1)
    },
    httpError(401),
  ),
  ...failingSignedIn('delete the account', { method: 'DELETE', path: '/api/me' }, async ({ page, person }) => {
    const dialog = await openDeletion(page)
    await fillIn(dialog, { password: person.password })
    await send(dialog)
  }),
  signedInState('sessions, only this one', async ({ page }) => {
    await open(page, '/account/sessions')
    await expect(page.locator('[data-session]')).toHaveCount(1)
  }),
  signedInState('sessions, many', async ({ page, origin }) => {
    const many = origin.faults.on(LIST, manySessions())
    await open(page, '/account/sessions')
    await expect(page.locator('[data-session]').nth(9)).toBeVisible()
    expect(many.hits).toBeGreaterThan(0)
  }),
  signedInState('sessions, one ended and all others', async ({ page, origin }) => {
    origin.faults.on(LIST, manySessions())
    origin.faults.on({ method: 'DELETE', path: /^\/api\/me\/sessions/ }, { kind: 'answer', status: 204 })
    await open(page, '/account/sessions')
    await send(page.locator('[data-session]'))
    await expect(toast(page)).toBeVisible()
    await page.locator('main button[aria-haspopup=dialog]').click()
    await send(page.locator('dialog[open]'))
    await expect(page.locator('dialog[open]')).toHaveCount(0)
    await expect(toast(page)).toHaveCount(2)
  }),
  signedInState('sessions, countless', async ({ page, origin }) => {
    origin.faults.on(LIST, countlessSessions(50, 'more'))
    await open(page, '/account/sessions')
    await expect(page.locator('[data-session]').nth(49)).toBeVisible()
  }),
  ...failingSignedIn('sessions, the next page', LIST, async ({ page, origin }, fail) => {
    // The first page must load, whatever fault the next one meets.
    origin.faults.clear()
    origin.faults.on(LIST, firstPage(12, 'more'))
    await open(page, '/account/sessions')
    await expect(page.locator('[data-session]').nth(11)).toBeVisible()
    fail()
    await send(page.locator('main .rows > li').last())
  }),
  signedInState('sessions, ending more than are listed', async ({ page, origin }) => {
    await openEnding(page, origin, firstPage(20, 'more'))
  }),
  ...failingSignedIn('sessions, ending one', { method: 'DELETE', path: /^\/api\/me\/sessions\// }, async ({ page, origin }) => {
    origin.faults.on(LIST, manySessions())
    await open(page, '/account/sessions')
    await send(page.locator('[data-session]').filter({ has: page.locator('form') }).first())
  }),
  signedInState('sessions, ending all others', async ({ page, origin }) => {
    await openEnding(page, origin)
  }),
  ...failingSignedIn('sessions, ending all others', { method: 'DELETE', path: '/api/me/sessions' }, async ({ page, origin }) => {
    await send(await openEnding(page, origin))
  }),
  signedInState('sessions, on their way', async ({ page, origin }) => {
    origin.faults.on(LIST, { kind: 'delay', milliseconds: LONG })
    await open(page, '/account/sessions')
    await expect(page.locator('main .skeleton')).toBeVisible()
  }),
  signedInState(
    'sessions, failed',
    async ({ page, origin }) => {
      origin.faults.on(LIST, apiError(500, 'internal'))
      await open(page, '/account/sessions')
      await expect(alert(page)).toBeVisible()
    },
    httpError(500),
  ),
  signedInState('token', ({ page }) => open(page, '/account/token')),
  signedInState('token, copied', async ({ page }) => {
    await open(page, '/account/token')
    await page.locator('pre + button').click()
    await expect(toast(page)).toBeVisible()
  }),
  signedInState('token, copying refused', async ({ page }) => {
    await page.addInitScript(() => (navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))))
    await open(page, '/account/token')
    await page.locator('pre + button').click()
    await expect(alert(page)).toBeVisible()
  }),
  signedInState('account menu', async ({ page }) => {
    await open(page, '/')
    await page.locator('header [aria-haspopup]').click()
    await expect(page.locator('[popover]:popover-open')).toBeVisible()
  }),
  signedInState(
    'server out of reach',
    async ({ page, origin }) => {
      await open(page, '/')
      origin.faults.on(ANY_CALL, { kind: 'cut' })
      await page.locator('nav a[href="/account/sessions"]').click()
      await expect(page.getByTestId('session-bar').getByRole('button')).toBeVisible()
      await expect(page.locator('main h1')).toBeVisible()
    },
    CONNECTION_BROKE,
  ),
  signedInState(
    'restoring, server out of reach',
    async ({ page, origin }) => {
      origin.faults.on(ANY_CALL, { kind: 'cut' })
      await page.goto('/login')
      await page.evaluate(() => localStorage.setItem('latchkey.session', '{"edited":"by hand"}'))
      await page.goto('/')
      await expect(page.getByTestId('session-bar').getByRole('button')).toBeVisible()
    },
    CONNECTION_BROKE,
  ),
  signedInState(
    'restoring, another address than the server’s own',
    async ({ page, origin }) => {
      await page.goto('/login')
      await page.evaluate(() => localStorage.clear())
      origin.faults.on({ path: '/api/auth/refresh' }, apiError(403, 'wrong_origin', { public_url: 'https://id.example.org' }))
      await page.goto('/')
      await expect(page.getByTestId('session-bar')).toContainText(' https://id.example.org')
    },
    httpError(403),
  ),
  // The other two reasons lead to the sign-in page.
  ...END_REASONS.filter((reason) => reason !== 'signed_out' && reason !== 'account_deleted').map((reason) =>
    signedInState(
      `session over: ${reason}`,
      async ({ page, origin }) => {
        await open(page, '/account/profile')
        origin.faults.on(ANY_CALL, sessionEnded(reason))
        await followBeneath(page, '/account/sessions')
        await expect(page.locator('dialog[open]')).toBeVisible()
      },
      httpError(401),
    ),
  ),
  signedInState(
    'key lost',
    async ({ page, origin }) => {
      await loseTheKey(page, origin)
    },
    httpError(401),
  ),
  signedInState(
    'key lost, wrong password',
    async ({ page, origin }) => {
      const dialog = await loseTheKey(page, origin)
      origin.faults.on({ path: '/api/auth/login' }, apiError(401, 'credentials_rejected'))
      await fillIn(dialog, { password: 'not her password' })
      await send(dialog)
      await expect(invalid(dialog)).toHaveCount(1)
    },
    httpError(401),
  ),
  // This state needs a session of its own: the stored session of all states has lost its key and cannot be refreshed.
  signedOutState(
    'sessions, server slow',
    async ({ page, origin, person }) => {
      await open(page, '/login')
      await fillIn(page, person)
      await send(page)
      await expect(page.locator('nav')).toBeVisible()
      origin.faults.on(LIST, apiError(401, 'token_expired'))
      await page.locator('nav a[href="/account/sessions"]').click()
      await expect(alert(page)).toBeVisible()
    },
    httpError(401),
  ),
  signedInState(
    'session over, wrong password',
    async ({ page, origin }) => {
      const dialog = await openExpiredSession(page, origin)
      origin.faults.on({ path: '/api/auth/login' }, apiError(401, 'credentials_rejected'))
      await fillIn(dialog, { password: 'not her password' })
      await send(dialog)
      await expect(invalid(dialog)).toHaveCount(1)
    },
    httpError(401),
  ),
  ...failingSignedIn('session over', { path: '/api/auth/login' }, async ({ page, origin, person }, fail) => {
    const dialog = await openExpiredSession(page, origin)
    fail()
    await fillIn(dialog, { password: person.password })
    await send(dialog)
  }, httpError(401)),
  signedInState('not found, signed in', ({ page }) => open(page, '/nothing/here')),
  signedInState('before WebAssembly, signed in', async ({ page, origin }) => {
    await openShell(page, origin, '/account/profile')
  }),
]

export const STATES: readonly State[] = [...SIGNED_OUT, ...SIGNED_IN]

function signedOutState(name: string, reach: State['reach'], ...expectedErrors: RegExp[]): State {
  return { name, signedIn: false, scripts: true, expectedErrors, reach }
}

function signedInState(name: string, reach: State['reach'], ...expectedErrors: RegExp[]): State {
  return { ...signedOutState(name, reach, ...expectedErrors), signedIn: true }
}

/** Fills in and submits a form; `fail` adds the fault again, for cases in which newer rules would come before it. */
type SendForm = (stateContext: StateContext, fail: () => void) => Promise<void>

/** Returns the states of a form whose submission fails, one for each failure. */
function failing(name: string, call: Match, sendForm: SendForm, ...expectedErrors: RegExp[]): State[] {
  return Object.entries(FAILURES).map(([what, fault]) =>
    signedOutState(
      `${name}, ${what}`,
      async (stateContext) => {
        const fail = () => stateContext.origin.faults.on(call, fault)
        fail()
        await sendForm(stateContext, fail)
        await expect(alert(stateContext.page).first()).toBeVisible()
      },
      fault.kind === 'answer' ? httpError(fault.status) : CONNECTION_BROKE,
      ...expectedErrors,
    ),
  )
}

function failingSignedIn(...what: Parameters<typeof failing>): State[] {
  return failing(...what).map((state) => ({ ...state, signedIn: true }))
}

/** Opens a path and waits until the application itself has drawn it. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(page.locator('#shell')).toHaveCount(0)
  await expect(page.locator('h1')).toBeVisible()
}

/** Opens a path while the WebAssembly is still loading. */
async function openShell(page: Page, origin: Origin, path: string): Promise<void> {
  origin.faults.on({ path: /\.wasm$/ }, { kind: 'delay', milliseconds: LONG })
  await page.goto(path, { waitUntil: 'commit' })
  await expect(page.locator('#shell')).toBeVisible()
}

async function openDeletion(page: Page): Promise<Locator> {
  await open(page, '/account/security')
  await page.locator('main button[aria-haspopup=dialog]').click()
  const dialog = page.locator('dialog[open]')
  await expect(dialog).toBeVisible()
  return dialog
}

/** Opens the dialog that asks for confirmation before all other sessions end. */
async function openEnding(page: Page, origin: Origin, list = manySessions()): Promise<Locator> {
  origin.faults.on(LIST, list)
  await open(page, '/account/sessions')
  await page.locator('main button[aria-haspopup=dialog]').click()
  const dialog = page.locator('dialog[open]')
  await expect(dialog).toBeVisible()
  return dialog
}

/** Ends the session while a page is open; returns the dialog that asks for the password. */
async function openExpiredSession(page: Page, origin: Origin): Promise<Locator> {
  await open(page, '/account/profile')
  origin.faults.on(ANY_CALL, sessionEnded('expired'))
  await followBeneath(page, '/account/sessions')
  const dialog = page.locator('dialog[open]')
  await expect(dialog).toBeVisible()
  return dialog
}

/** Simulates a lost key while a page is open; returns the dialog that asks for the password. */
async function loseTheKey(page: Page, origin: Origin): Promise<Locator> {
  await open(page, '/account/profile')
  origin.faults.on({ path: '/api/auth/refresh' }, keyRefused())
  origin.faults.on(LIST, apiError(401, 'token_expired'))
  await followBeneath(page, '/account/sessions')
  const dialog = page.locator('dialog[open]')
  await expect(dialog).toBeVisible()
  return dialog
}

function passwordForm(page: Page): Locator {
  return page.locator('form').filter({ has: page.locator('[name=current_password]') })
}

/** Fills in fields by their names in the request; skips those that the form does not have. */
export async function fillIn(scope: Page | Locator, values: object): Promise<void> {
  // The previous page may still be shown, with other fields.
  await scope.locator(Object.keys(values).map((name) => `input[name=${name}]`).join()).first().waitFor({ state: 'attached' })
  for (const [name, value] of Object.entries(values)) {
    const field = scope.locator(`input[name=${name}]`)
    if (await field.count()) await field.fill(String(value))
  }
}

export async function send(scope: Page | Locator): Promise<void> {
  await scope.locator('[type=submit]').first().click()
}

function invalid(scope: Page | Locator): Locator {
  return scope.locator('[aria-invalid=true]')
}

/** Toast messages at the edge of the screen. */
function toast(page: Page): Locator {
  return page.locator('.toast')
}

function alert(scope: Page | Locator): Locator {
  return scope.locator('[role=alert]').filter({ hasText: /\S/, visible: true })
}
