import type { BrowserContext, Page } from '@playwright/test'
import { httpError, CONNECTION_BROKE } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, fillInSignUp, heading, passwordField, signUp, welcome } from '../support/people.ts'
import { open } from '../support/states.ts'

const SAID = {
  en: { locale: 'en-US', failed: 'The page could not be loaded.', blocked: 'WebAssembly is switched off' },
  ko: { locale: 'ko-KR', failed: '페이지를 불러오지 못했습니다.', blocked: 'WebAssembly가 꺼져 있어' },
} as const

test.beforeEach(({ context }) => ageBySomeYears(context))

test('the outline speaks one language, changes it, and gives way to the page', async ({ page, origin }) => {
  const slow = origin.faults.on({ path: /\.wasm$/ }, { kind: 'delay', milliseconds: 600_000 })
  await page.goto('/login', { waitUntil: 'commit' })
  const outline = page.locator('#shell main')
  await expect(outline.locator('h1')).toHaveText('Sign in')
  await expect(outline.getByText('로그인', { exact: true })).toHaveCount(0)
  await page.locator('#shell #language').selectOption('ko')
  await expect(outline.locator('h1')).toHaveText('로그인')
  await page.locator('#shell .segments label').last().click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  slow.lift()
  await open(page, '/login')
  await expect(heading(page, '로그인')).toBeVisible()
})

test('people sign up, use the menu with mouse and keyboard, and sign out', async ({ page }) => {
  await signUp(page, ADA)
  const opener = page.getByRole('button', { name: 'Account menu' })
  const menu = page.locator('#account-menu')
  await expect(menu).toBeHidden()
  await opener.click()
  await expect(menu).toBeVisible()
  await expect(opener).toHaveAttribute('aria-expanded', 'true')
  await menu.getByLabel('Language').selectOption('ko')
  await expect(menu).toBeVisible()
  await menu.locator('select').selectOption('en')
  await page.locator('h1').click()
  await expect(menu).toBeHidden()
  await expect(opener).toHaveAttribute('aria-expanded', 'false')
  await opener.focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  expect(await menu.evaluate((menu) => menu.contains(document.activeElement))).toBe(true)
  await page.keyboard.press('Escape')
  await expect(menu).toBeHidden()
  await expect(opener).toBeFocused()
  await opener.click()
  await menu.getByRole('button', { name: 'Sign out' }).click()
  await expect(heading(page, 'Sign in')).toBeVisible()
})

test('a form that was sent too early is sent once the page is there', async ({ page, origin, anotherBrowser }) => {
  // The account is created in another browser: one that has visited the page has the WebAssembly in its cache.
  await signUp(await (await anotherBrowser()).newPage(), ADA)
  const held = origin.faults.hold({ path: /\.wasm$/ })
  await page.goto('/login', { waitUntil: 'commit' })
  await page.getByLabel('Email').fill(ADA.email)
  await passwordField(page).fill(ADA.password)
  await passwordField(page).press('Enter')
  await expect(page.locator('#shell form[data-held]')).toHaveCount(1)
  held.lift()
  await expect(welcome(page, ADA)).toBeVisible()
  expect(held.hits).toBeGreaterThan(0)
})

test('drawings, edges and distances are there without the styles of today', async ({ page, context }) => {
  await forgetStyles(context)
  const masks = () =>
    page.locator('.icon, .mark, .wordmark').evaluateAll((all) => all.map((one) => [one.className, getComputedStyle(one).maskImage.slice(0, 5)]))
  await open(page, '/login')
  for (const [name, drawing] of await masks()) expect(drawing, name).toBe('url("')
  const style = (css: string, property: string) =>
    page.locator(css).first().evaluate((one, property) => getComputedStyle(one).getPropertyValue(property), property)
  for (const side of ['top', 'right', 'bottom', 'left']) expect(await style('body > .outside', `padding-${side}`), side).not.toBe('0px')
  await signUp(page, ADA)
  await page.goto('/account/security')
  await expect(page.locator('main form').first()).toBeVisible()
  expect((await masks()).length).toBeGreaterThan(8)
  for (const [name, drawing] of await masks()) expect(drawing, name).toBe('url("')
  expect(await style('button.quiet', 'border-top-color')).not.toBe('rgba(0, 0, 0, 0)')
  // Hidden controls must not be Tab stops, also in browsers that do not support `inert`.
  const stops = await page.locator('[inert] :is(a, button, input, select)').evaluateAll((all) => all.map((one) => (one as HTMLElement).tabIndex))
  expect(stops.length).toBeGreaterThan(0)
  expect(new Set(stops)).toEqual(new Set([-1]))
})

test('a server that does not answer is told, and the form can be sent again', async ({ page, context, origin, consoleErrors }) => {
  // The abandoned request may have created the account by the time of the next one.
  consoleErrors.expect(CONNECTION_BROKE, /aborted/, httpError(409))
  // Long timers are shortened. Playwright's clock would add features that such browsers do not have.
  await context.addInitScript(() => {
    const later = window.setTimeout.bind(window)
    Object.assign(window, { setTimeout: (act: () => void, wait = 0) => later(act, wait > 10_000 ? wait / 20 : wait) })
  })
  await open(page, '/signup')
  const deaf = origin.faults.on({ path: '/api/auth/signup' }, { kind: 'delay', milliseconds: 600_000 })
  await fillInSignUp(page, ADA)
  const button = page.getByRole('button', { name: 'Create account' })
  await button.click()
  await expect.poll(() => deaf.hits).toBe(1)
  await expect(page.getByRole('alert')).toContainText('cannot be reached')
  await expect(button).toHaveAttribute('aria-busy', 'false')
  deaf.lift()
  await button.click()
  await expect(welcome(page, ADA)).toBeVisible()
})

for (const [language, { locale, failed, blocked }] of Object.entries(SAID)) {
  test.describe(`what is wrong is said, ${language}`, () => {
    test.use({ locale })

    test('where the page does not arrive', async ({ page, origin, consoleErrors }) => {
      consoleErrors.expect(httpError(503), /could not be started/)
      origin.faults.on({ path: /\.wasm$/ }, { kind: 'answer', status: 503 })
      await page.goto('/login')
      await saysAlone(page, failed)
    })

    test('where the script that starts the page cannot be read, or does not arrive', async ({ page, origin, consoleErrors }) => {
      consoleErrors.expect(/SyntaxError|Unexpected|Invalid/, httpError(404))
      const headers = { 'content-type': 'text/javascript' }
      const unreadable = origin.faults.on({ path: /boot.*\.js$/ }, { kind: 'answer', status: 200, body: 'what is this?', headers })
      await page.goto('/login')
      await saysAlone(page, failed)
      unreadable.lift()
      origin.faults.on({ path: /boot.*\.js$/ }, { kind: 'answer', status: 404, headers })
      await page.goto('/login')
      await saysAlone(page, failed)
    })

    for (const [how, value] of Object.entries({ missing: undefined, 'an empty object': {} })) {
      test(`where WebAssembly is ${how}`, async ({ page, context, consoleErrors }) => {
        consoleErrors.expect(/WebAssembly is switched off/)
        await context.addInitScript((value) => Object.defineProperty(window, 'WebAssembly', { value }), value)
        await page.goto('/account/profile')
        await saysAlone(page, blocked)
        // The form does not wait for the WebAssembly any more.
        await page.locator('#shell button.primary').filter({ visible: true }).click()
        await expect(page.locator('#shell [aria-busy=true]')).toHaveCount(0)
      })
    }
  })
}

/** Asserts that the message is in the main part, alone and with the button to try again. */
async function saysAlone(page: Page, words: string): Promise<void> {
  const message = page.locator('#shell main #trouble')
  await expect(message).toBeVisible()
  await expect(message).toContainText(words)
  await expect(message.locator('p').filter({ visible: true })).toHaveCount(1)
  await expect(message.getByRole('button')).toBeVisible()
}

/** Removes CSS declarations that browsers of a few years ago do not support. */
async function forgetStyles(context: BrowserContext): Promise<void> {
  await context.route(
    ({ pathname }) => !pathname.startsWith('/api/') && !pathname.includes('.'),
    async (route) => {
      const answer = await route.fetch()
      await route.fulfill({ response: answer, body: (await answer.text()).replace(/ integrity=[^ >]+/g, '') })
    },
  )
  await context.route('**/*.css', async (route) => {
    const answer = await route.fetch()
    const body = (await answer.text())
      .replace(/@supports not \(color:\s*light-dark\(red,\s*red\)\)/, '@supports (color: red)')
      .replace(/[{;]\s*mask\s*:[^;{}]*(?=[;}])|[{;]\s*[\w-]+\s*:[^;{}]*(\ddvh|color-mix|light-dark)[^;{}]*(?=[;}])/g, (whole) => whole.slice(0, 1))
    await route.fulfill({ response: answer, body })
  })
}

/** Removes APIs that browsers of a few years ago do not have. */
async function ageBySomeYears(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const missing: [object, string[]][] = [
      [Document.prototype, ['adoptedStyleSheets', 'startViewTransition']],
      [Element.prototype, ['checkVisibility']],
      [HTMLElement.prototype, ['popover', 'showPopover', 'hidePopover', 'togglePopover']],
      [HTMLButtonElement.prototype, ['popoverTargetElement', 'popoverTargetAction']],
      [HTMLFormElement.prototype, ['requestSubmit']],
      [CSSStyleSheet.prototype, ['replace', 'replaceSync']],
      [Intl, ['Segmenter']],
      [AbortSignal, ['timeout']],
      [window, ['structuredClone', 'scheduler', 'navigation']],
    ]
    for (const [of, names] of missing) for (const name of names) Reflect.deleteProperty(of, name)
    const illegal = () => {
      throw new TypeError('Illegal constructor')
    }
    window.CSSStyleSheet = new Proxy(CSSStyleSheet, { construct: illegal })
    // A browser without popovers ignores their attributes.
    const { setAttribute } = Element.prototype
    Element.prototype.setAttribute = function (name, value) {
      if (!name.startsWith('popover')) setAttribute.call(this, name, value)
    }
  })
}
