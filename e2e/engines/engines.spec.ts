import { ADA } from '../support/people.ts'
import { expect, test } from './fixtures.ts'
import { fillIn, signUp } from './engine-states.ts'
import type { View } from './view.ts'

test.use({ settings: { LATCHKEY_TOKENS__ACCESS_LIFETIME: '4s' } })

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }
const SUBMIT = 'button.primary'

test('the whole chain, from signing up to a deep link after signing out', async ({ view, latchkey: { origin } }) => {
  await test.step('signing up, from the sign-in page', async () => {
    await view.open('/')
    await view.ask('window.isTheSame = true')
    await view.click('.aside a[href^="/signup"]')
    await view.shows('h1', 'Create your account')
    await fillIn(view, { email: ADA.email, display_name: ADA.name, password: ADA.password })
    await view.click(`main ${SUBMIT}`)
    await view.shows('h1', `Hello, ${ADA.name}`)
  })

  await test.step('every page, by clicking', async () => {
    for (const [path, title] of [
      ['/account/profile', 'Profile'],
      ['/account/security', 'Security'],
      ['/account/sessions', 'Sessions'],
      ['/account/token', 'Token'],
    ] as const) {
      await view.click(`nav a[href="${path}"]`)
      await view.shows('h1', title)
    }
  })

  await test.step('a click after the token has ended: refreshed with the proof of a key', async () => {
    const before = origin.seen(REFRESH).length
    await untilTheTokenHasEnded(view)
    await view.click('nav a[href="/account/sessions"]')
    await view.shows('[data-session]')
    const refreshes = origin.seen(REFRESH).slice(before)
    expect(refreshes.length).toBeGreaterThan(0)
    expect(refreshes.map(({ status }) => status)).toEqual(refreshes.map(() => 200))
    expect(refreshes.filter(({ proof }) => !proof)).toEqual([])
  })

  await test.step('all that without a reload, and a reload is still signed in', async () => {
    expect(await view.ask('return window.isTheSame')).toBe(true)
    expect(origin.documents).toBe(1)
    await view.reload()
    await view.shows('h1', 'Sessions')
    await view.shows('[data-session]')
  })

  const first = await view.driver.getWindowHandle()
  await test.step('a second window is signed in, and signs out', async () => {
    await view.driver.switchTo().newWindow('window')
    await view.enlarge()
    await view.open('/account/profile')
    await view.shows('h1', 'Profile')
    await view.reveal('header .avatar', '#account-menu button.quiet')
    await view.click('#account-menu button.quiet')
    await view.shows('h1', 'Sign in')
  })

  await test.step('the first window follows, and Back shows no protected page', async () => {
    await view.driver.switchTo().window(first)
    await view.shows('h1', 'Sign in')
    await view.shows('main', 'You signed out.')
    await view.driver.navigate().back()
    await view.shows('h1', 'Sign in')
    await view.counts('nav.side', 0)
  })

  await test.step('a deep link leads through the sign-in page and back', async () => {
    await view.visit('/account/sessions')
    await view.isAt('/login?next=%2Faccount%2Fsessions')
    await view.isDrawn()
    await fillIn(view, { email: ADA.email, password: ADA.password })
    await view.click(`main ${SUBMIT}`)
    await view.shows('h1', 'Sessions')
    await view.isAt('/account/sessions')
  })
})

test('a session that is ended elsewhere asks for the password over the page, and what was typed is kept', async ({ view, latchkey }) => {
  await signUp(view)
  await view.click('nav a[href="/account/profile"]')
  await view.type('main [name=display_name]', 'Augusta Ada King')
  await endEverySession(latchkey.origin.url)
  await view.click(`main ${SUBMIT}`)
  await view.shows('dialog[open]', ADA.email)
  await isAsHighAsItsContents(view, 'dialog[open]')
  await view.type('dialog[open] [name=password]', 'not her password')
  await view.click(`dialog[open] ${SUBMIT}`)
  await view.shows('dialog[open] [aria-invalid=true]')
  await view.type('dialog[open] [name=password]', ADA.password)
  await view.click(`dialog[open] ${SUBMIT}`)
  await view.counts('dialog[open]', 0)
  expect(await view.value('main [name=display_name]')).toBe('Augusta Ada King')
  await view.click(`main ${SUBMIT}`)
  await view.shows('main [role=status]', 'Saved.')
})

test('the account menu is as high as what it holds, and its theme holds after a reload', async ({ view }) => {
  await signUp(view)
  await view.reveal('header .avatar', '#account-menu button.quiet')
  await isAsHighAsItsContents(view, '#account-menu')
  await view.ask(`document.querySelector('#account-menu [type=radio][value=dark]').click()`)
  await expect.poll(() => view.ask('return document.documentElement.dataset.theme')).toBe('dark')
  await view.reload()
  expect(await view.ask('return document.documentElement.dataset.theme')).toBe('dark')
})

test('a dialog asks before something is lost, is as high as what it holds, and Escape closes it', async ({ view }) => {
  await signUp(view)
  await view.click('nav a[href="/account/security"]')
  await view.click('main button[aria-haspopup=dialog]')
  await view.shows('dialog[open] [name=password]')
  await isAsHighAsItsContents(view, 'dialog[open]')
  await view.driver.actions().sendKeys('\uE00C').perform()
  await view.counts('dialog[open]', 0)
  await view.shows('h1', 'Security')
})

test('forms say beside their fields what has to change', async ({ view }) => {
  await view.open('/signup')
  await view.click(`main ${SUBMIT}`)
  await view.counts('[aria-invalid=true]', 3)
  await fillIn(view, { email: 'ada', display_name: ADA.name, password: 'password1234' })
  await view.click(`main ${SUBMIT}`)
  await view.counts('[aria-invalid=true]', 1)
  await view.type('[name=email]', ADA.email)
  await view.click(`main ${SUBMIT}`)
  await view.shows('.field:has([name=password]) .error')
  await view.click('.reveal')
  expect(await view.ask('return document.querySelector("[name=password]").type')).toBe('text')
  expect(await view.value('[name=password]')).toBe('password1234')
})

test('the outline takes what is typed before WebAssembly is there, and the page takes it over', async ({ view, latchkey: { origin } }) => {
  const held = origin.faults.hold({ path: /\.wasm$/ })
  await view.setOut('/login')
  await view.type('#shell [name=email]', ADA.email)
  expect(await view.value('#shell [name=email]')).toBe(ADA.email)
  held.lift()
  await view.isDrawn()
  expect(held.hits).toBeGreaterThan(0)
  expect(await view.value('main [name=email]')).toBe(ADA.email)
})

test('the bar of the token’s lifetime has the colour of the page, not of the browser', async ({ view, engine }) => {
  await signUp(view)
  await view.click('nav a[href="/account/token"]')
  await view.shows('progress')
  const part = engine === 'firefox' ? '::-moz-progress-bar' : '::-webkit-progress-value'
  const rules = await view.ask<string[]>(
    `return [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText).filter((text) => text.includes(arguments[0]))`,
    `progress${part}`,
  )
  expect(rules.join(), 'the engine knows the rule').toContain('var(--accent)')
})

/** Asserts that an overlay has its natural height, and is not stretched between the edges of the screen. */
async function isAsHighAsItsContents(view: View, css: string): Promise<void> {
  const [height, natural] = await view.ask<[number, number]>(
    `const box = document.querySelector(arguments[0]), height = box.offsetHeight
    box.style.cssText = 'inset: auto; height: auto; align-content: start; position: absolute'
    const natural = box.offsetHeight
    box.style.cssText = ''
    return [height, natural]`,
    css,
  )
  expect(height, `the height of ${css}`).toBe(natural)
}

/** Waits until the access token has expired: by the page's clock, plus one second for the server's clock. */
async function untilTheTokenHasEnded(view: View): Promise<void> {
  await expect
    .poll(() => view.ask<boolean>(`return new Date(JSON.parse(localStorage.getItem('latchkey.session')).access_expires_at) < Date.now() - 1000`))
    .toBe(true)
}

/** Ends all sessions of the account through the API, as its owner does on another device. */
async function endEverySession(url: string): Promise<void> {
  const call = (method: string, path: string, token?: string, body?: object) =>
    fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  const answer = await call('POST', '/api/auth/login', undefined, { email: ADA.email, password: ADA.password, token_delivery: 'body' })
  const { access_token } = (await answer.json()) as { access_token: string }
  expect((await call('DELETE', '/api/me/sessions', access_token)).status).toBe(204)
}
