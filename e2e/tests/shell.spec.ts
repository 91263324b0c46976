import type { Page, Route } from '@playwright/test'
import { expect, test } from '../support/fixtures.ts'
import { ADA, heading, passwordField, signOut, signUp, welcome } from '../support/people.ts'
import { blockStorage, closeBrowser } from '../support/stored-session.ts'
import { BROWSERS, LANGUAGES, THEMES } from '../support/browser-matrix.ts'

/** Fields that both the outline (`#shell`) and the page have, by their shared ids. */
const FIELDS = {
  '/login': ['login-email', 'login-password', 'remember'],
  '/signup': ['signup-email', 'signup-display_name', 'signup-password'],
}

for (const language of LANGUAGES) {
  for (const colorScheme of THEMES) {
    test.describe(`the outline, ${language}, ${colorScheme}`, () => {
      test.use({ locale: BROWSERS[language], colorScheme })

      for (const [path, fields] of Object.entries(FIELDS)) {
        test(`${path} keeps its place, colours and words when the page takes over`, async ({ page }) => {
          const wasm = await holdWebAssembly(page)
          await page.goto(path, { waitUntil: 'commit' })
          await expect(page.locator(`#shell #${fields[0]}`)).toBeVisible()
          // On a slow machine, the outline is shown before it is fully parsed; the test starts once it is complete.
          await expect(page.locator('#shell-end')).toBeAttached()
          await watchForShifts(page)
          await expect(page.locator('html')).toHaveAttribute('lang', language)
          const before = await look(page, '#shell .shell-out', fields)
          await wasm.arrives()
          const after = await look(page, 'body > .outside', fields)
          expect(after).toEqual(before)
          expect(before.background).toBe(colorScheme === 'light' ? 'light' : 'dark')
          expect(await shifts(page)).toBeLessThan(0.001)
        })
      }

      test('the navigation of a signed-in person keeps its place, and the header reaches the edge', async ({ page }) => {
        await page.goto('/signup')
        await signUpInAnyLanguage(page)
        const wasm = await holdWebAssembly(page)
        await page.goto('/account/sessions', { waitUntil: 'commit' })
        await expect(page.locator('#shell .side li').first()).toBeVisible()
        await watchForShifts(page)
        const places = (of: string) => page.locator(of).evaluateAll((found) => found.map((one) => boxOf(one)))
        await page.evaluate(() => {
          const round = (size: number) => Math.round(size * 10) / 10
          Object.assign(window, {
            boxOf: (one: Element) => {
              const { x, y, width, height } = one.getBoundingClientRect()
              return [x, y, width, height].map(round).concat(one.textContent?.trim() ? [] : [0])
            },
          })
        })
        const before = await places('#shell :is(.top, .side, .side li, main)')
        await wasm.arrives()
        const after = await places('body > .top, body > .frame :is(.side, .side li, main)')
        // The list of sessions is still loading, so the height of the content is not compared.
        expect(after.slice(0, -1)).toEqual(before.slice(0, -1))
        expect(after.at(-1)?.slice(0, 3)).toEqual(before.at(-1)?.slice(0, 3))
        expect(await shifts(page)).toBeLessThan(0.001)
      })
    })
  }
}

for (const [what, lose] of Object.entries({
  cleared: (page: Page) => page.evaluate(() => localStorage.clear()),
  blocked: (page: Page) => blockStorage(page.context()),
})) {
  test(`whoever is signed in meets no form for signing in where storage is ${what}`, async ({ page }) => {
    await signUp(page, ADA)
    await lose(page)
    const wasm = await holdWebAssembly(page)
    await page.goto('/account/profile', { waitUntil: 'commit' })
    await expect(page.locator('#shell .side')).toBeVisible()
    await expect(page.locator('#shell form')).toHaveCount(0)
    await wasm.arrives()
    await expect(heading(page, 'Profile')).toBeVisible()
  })
}

test('whoever was signed in until the browser was closed meets the form for signing in at once', async ({ page, context }) => {
  await signUp(page, ADA)
  await signOut(page)
  await page.getByLabel('Keep me signed in').uncheck()
  await page.getByLabel('Email').fill(ADA.email)
  await passwordField(page).fill(ADA.password)
  await passwordField(page).press('Enter')
  await expect(welcome(page, ADA)).toBeVisible()
  await closeBrowser(context)
  const next = await context.newPage()
  await holdWebAssembly(next)
  await next.goto('/account/profile', { waitUntil: 'commit' })
  await expect(next.locator('#shell #login-email')).toBeVisible()
})

test('every language is named in its own words, and says which it is, before and after the page is there', async ({ page }) => {
  const named = (within: string) =>
    page.locator(`${within} option`).evaluateAll((options) =>
      options.map((option) => [option.getAttribute('lang'), option.textContent, getComputedStyle(option).display]),
    )
  const languages = [
    ['en', 'English', 'block'],
    ['ko', '한국어', 'block'],
  ]
  const wasm = await holdWebAssembly(page)
  await page.goto('/login', { waitUntil: 'commit' })
  await expect(page.locator('#shell #login-email')).toBeVisible()
  expect(await named('#shell')).toEqual(languages)
  await page.getByLabel('Language').selectOption({ label: '한국어' })
  await expect(heading(page, '로그인')).toBeVisible()
  expect(await named('#shell')).toEqual(languages)
  await wasm.arrives()
  expect(await named('body > .outside')).toEqual(languages)
})

for (const [path, fields] of Object.entries(FIELDS)) {
  test(`the fields of ${path} read, fill and check what is typed alike before and after the page is there`, async ({ page }) => {
    const attributes = (scope: string) =>
      page.locator(scope).evaluate(
        (scope, fields) =>
          fields.map((id) => {
            const field = scope.querySelector<HTMLInputElement>(`[id="${id}"]`)
            const said = ['name', 'role', 'dir', 'inputmode', 'autocomplete', 'autocapitalize', 'spellcheck', 'aria-describedby']
            return [`type=${field?.type}`, ...said.map((name) => `${name}=${field?.getAttribute(name)}`)].join(' ')
          }),
        fields,
      )
    const wasm = await holdWebAssembly(page)
    await page.goto(path, { waitUntil: 'commit' })
    await expect(page.locator('#shell-end')).toBeAttached()
    const before = await attributes('#shell')
    await wasm.arrives()
    expect(await attributes('body > .outside')).toEqual(before)
  })
}

test('what is typed too early is kept, with the focus and the caret', async ({ page }) => {
  const wasm = await holdWebAssembly(page)
  await page.goto('/login', { waitUntil: 'commit' })
  const email = page.getByLabel('Email')
  await email.pressSequentially('ada@examle.org')
  for (let step = 0; step < 6; step += 1) await email.press('ArrowLeft')
  await wasm.arrives()
  await expect(email).toBeFocused()
  // The person goes on typing where the cursor was.
  await page.keyboard.type('p')
  await expect(email).toHaveValue('ada@example.org')
})

test('what a password manager has filled in is taken over', async ({ page }) => {
  await signUp(page, ADA)
  await signOut(page)
  const wasm = await holdWebAssembly(page)
  await page.goto('/login', { waitUntil: 'commit' })
  await expect(page.getByLabel('Email')).toHaveAttribute('autocomplete', 'username')
  await expect(passwordField(page)).toHaveAttribute('autocomplete', 'current-password')
  // Password managers set the value without any key event.
  await page.getByLabel('Email').evaluate((field: HTMLInputElement, value) => (field.value = value), ADA.email)
  await passwordField(page).evaluate((field: HTMLInputElement, value) => (field.value = value), ADA.password)
  await wasm.arrives()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(welcome(page, ADA)).toBeVisible()
})

test('a form that is sent too early is sent once the page is there, and nothing gets into the address', async ({ page, origin }) => {
  await signUp(page, ADA)
  await signOut(page)
  const signingIn = { method: 'POST', path: '/api/auth/login' }
  const wasm = await holdWebAssembly(page)
  await page.goto('/login?next=%2Faccount%2Fprofile', { waitUntil: 'commit' })
  await page.getByLabel('Email').fill(ADA.email)
  await passwordField(page).fill(ADA.password)
  await passwordField(page).press('Enter')
  await expect(page.getByRole('button', { name: 'Sign in', exact: true })).toHaveAttribute('aria-busy', 'true')
  expect(page.url()).toBe(`${origin.url}/login?next=%2Faccount%2Fprofile`)
  expect(origin.seen(signingIn)).toHaveLength(0)
  await wasm.arrives()
  await expect(heading(page, 'Profile')).toBeVisible()
  expect(origin.seen(signingIn)).toHaveLength(1)
  expect(origin.seen({ path: '/login', method: 'POST' })).toHaveLength(0)
})

test('errors of what others put into the page keep nobody from signing in', async ({ page }) => {
  await signUp(page, ADA)
  await signOut(page)
  const wasm = await holdWebAssembly(page)
  await page.goto('/login?next=%2Faccount%2Fprofile', { waitUntil: 'commit' })
  await expect(page.locator('#shell-end')).toBeAttached()
  await page.evaluate(() => {
    const files = [location.href, `${location.origin}/`, '', undefined, 'chrome-extension://abc/content.js', 'https://cdn.example.org/a.js']
    for (const filename of files) dispatchEvent(new ErrorEvent('error', { message: 'not ours', ...(filename !== undefined && { filename }) }))
    document.body.append(Object.assign(document.createElement('img'), { src: 'data:,' }))
    dispatchEvent(new Event('error'))
  })
  await expect(page.getByRole('alert')).toHaveCount(0)
  await page.getByLabel('Email').fill(ADA.email)
  await passwordField(page).fill(ADA.password)
  await passwordField(page).press('Enter')
  await expect(page.locator('#shell form[data-held]')).toHaveCount(1)
  await wasm.arrives()
  await expect(heading(page, 'Profile')).toBeVisible()
})

test('an error of a script of ours is told', async ({ page }) => {
  await holdWebAssembly(page)
  await page.goto('/login', { waitUntil: 'commit' })
  await expect(page.locator('#shell-end')).toBeAttached()
  await page.evaluate(() => dispatchEvent(new ErrorEvent('error', { filename: `${location.origin}/latchkey-page-1a2b.js` })))
  await expect(page.getByRole('alert')).toContainText('could not be loaded')
})

test('the form on a page of the account leads back there', async ({ page }) => {
  await signUp(page, ADA)
  await signOut(page)
  const wasm = await holdWebAssembly(page)
  await page.goto('/account/profile', { waitUntil: 'commit' })
  await page.getByLabel('Email').fill(ADA.email)
  await passwordField(page).fill(ADA.password)
  await passwordField(page).press('Enter')
  await wasm.arrives()
  await expect(heading(page, 'Profile')).toBeVisible()
})

test('when the WebAssembly does not come, the form says so and keeps what was typed', async ({ page, consoleErrors }) => {
  consoleErrors.expect(/could not be started/, /ERR_FAILED/, /Failed to fetch/)
  await page.route('**/*.wasm', (route) => route.abort())
  await page.goto('/login')
  await expect(page.getByRole('alert')).toContainText('could not be loaded')
  await page.getByLabel('Email').fill(ADA.email)
  await passwordField(page).press('Enter')
  await expect(page.getByRole('alert')).toContainText('could not be loaded')
  await expect(page.getByLabel('Email')).toHaveValue(ADA.email)
  await expect(page.getByRole('button', { name: 'Sign in', exact: true })).not.toHaveAttribute('aria-busy', 'true')
  await page.unroute('**/*.wasm')
  await page.getByRole('button', { name: 'Reload' }).click()
  await expect(page.locator('#shell')).toHaveCount(0)
  await expect(heading(page, 'Sign in')).toBeVisible()
})

test('when the WebAssembly takes long, the form says so', async ({ page }) => {
  await page.clock.install()
  await holdWebAssembly(page)
  await page.goto('/login', { waitUntil: 'commit' })
  await expect(page.getByLabel('Email')).toBeVisible()
  await page.clock.fastForward('00:16')
  await expect(page.getByRole('alert')).toContainText('takes long')
})

test('language, theme and password can be switched before the page is there, and stay', async ({ page }) => {
  const wasm = await holdWebAssembly(page)
  await page.goto('/login', { waitUntil: 'commit' })
  await page.getByRole('radio', { name: 'Dark' }).check()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await passwordField(page).fill('secret')
  await page.getByRole('button', { name: 'Show password' }).click()
  await page.getByLabel('Language').selectOption({ label: '한국어' })
  await expect(heading(page, '로그인')).toBeVisible()
  await wasm.arrives()
  await expect(heading(page, '로그인')).toBeVisible()
  await expect(page.getByLabel('비밀번호', { exact: true })).toHaveValue('secret')
  await expect(page.getByLabel('비밀번호', { exact: true })).toHaveAttribute('type', 'text')
  await expect(page.getByRole('radio', { name: '다크' })).toBeChecked()
})

test('what is chosen before the page is there holds where nothing can be stored', async ({ page, context }) => {
  await blockStorage(context)
  await signUp(page, ADA)
  await signOut(page)
  const wasm = await holdWebAssembly(page)
  await page.goto('/login', { waitUntil: 'commit' })
  await page.getByRole('radio', { name: 'Dark' }).check()
  await page.getByLabel('Language').selectOption({ label: '한국어' })
  await expect(heading(page, '로그인')).toBeVisible()
  await page.locator('#shell [name=email]').fill(ADA.email)
  await page.locator('#shell [name=password]').fill(ADA.password)
  await page.locator('#shell [name=remember]').uncheck()
  await expect(page.locator('#shell [name=remember]')).toBeFocused()
  await wasm.arrives()
  await expect(heading(page, '로그인')).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'ko')
  await expect(page.locator('#language')).toHaveValue('ko')
  await expect(page.getByRole('radio', { name: '다크' })).toBeChecked()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expect(page.locator('[name=remember]')).not.toBeChecked()
  await expect(page.locator('[name=remember]')).toBeFocused()
})

test('a form that is sent too early is not remembered against its will where nothing can be stored', async ({ page, context }) => {
  await signUp(page, ADA)
  await signOut(page)
  await blockStorage(context)
  const wasm = await holdWebAssembly(page)
  await page.goto('/login', { waitUntil: 'commit' })
  await page.getByLabel('Email').fill(ADA.email)
  await page.getByLabel('Keep me signed in').uncheck()
  await passwordField(page).fill(ADA.password)
  await passwordField(page).press('Enter')
  await expect(page.locator('#shell form[data-held]')).toHaveCount(1)
  const [request] = await Promise.all([page.waitForRequest('**/api/auth/login'), wasm.arrives()])
  expect(request.postDataJSON()).toMatchObject({ remember: false })
  await expect(welcome(page, ADA)).toBeVisible()
})

test("the browser's own bar follows the theme that is chosen", async ({ page }) => {
  const colours = () => page.locator('meta[name=theme-color]').evaluateAll((bars) => bars.map((bar) => bar.getAttribute('content')))
  await page.goto('/login')
  const [light, dark] = await colours()
  expect(light).not.toBe(dark)
  await page.getByRole('radio', { name: 'Dark' }).check()
  expect(await colours()).toEqual([dark, dark])
  await page.reload()
  expect(await colours()).toEqual([dark, dark])
  await page.getByRole('radio', { name: 'System' }).check()
  expect(await colours()).toEqual([light, dark])
})

declare const boxOf: (one: Element) => number[]

/** Blocks the WebAssembly until `arrives` is called. */
async function holdWebAssembly(page: Page): Promise<{ arrives: () => Promise<void> }> {
  const held: Route[] = []
  let open = false
  await page.route('**/*.wasm', async (route) => {
    if (open) await route.continue()
    else held.push(route)
  })
  return {
    arrives: async () => {
      open = true
      await expect.poll(() => held.length).toBeGreaterThan(0)
      await Promise.all(held.map((route) => route.continue()))
      await expect(page.locator('#shell')).toHaveCount(0)
    },
  }
}

async function signUpInAnyLanguage(page: Page): Promise<void> {
  await expect(page.locator('#shell')).toHaveCount(0)
  await page.locator('[name=email]').fill(ADA.email)
  await page.locator('[name=display_name]').fill(ADA.name)
  await page.locator('[name=password]').fill(ADA.password)
  await page.locator('[type=submit]').click()
  await expect(page.locator('body > .frame nav')).toBeVisible()
}

/** Returns the positions of the fields, the texts with their positions, and `light` or `dark` for the background. */
async function look(page: Page, scope: string, fields: string[]) {
  return page.evaluate(
    ([scope, fields]) => {
      const place = document.querySelector(scope)
      if (!place) throw new Error(`there is no ${scope}`)
      const box = (one: Element | null) => {
        const { x, y, width, height } = one?.getBoundingClientRect() ?? new DOMRect()
        return [x, y, width, height].map((size) => Math.round(size * 10) / 10)
      }
      const seen = [...place.querySelectorAll('h1, .lead, label, .hint, button:not([type=button]):not(footer *), .aside, .mark, .wordmark, footer')]
      const shown = seen.filter((one) => one.checkVisibility())
      const [lightness = ''] = /[\d.]+/.exec(getComputedStyle(document.documentElement).backgroundColor) ?? []
      return {
        fields: fields.map((id) => box(place.querySelector(`[id="${id}"]`))),
        rest: shown.map((one) => [(one as HTMLElement).innerText.trim(), ...box(one)]),
        background: Number(lightness) > 0.5 ? 'light' : 'dark',
      }
    },
    [scope, fields] as const,
  )
}

/** Starts to record layout shifts that no input has caused. */
async function watchForShifts(page: Page): Promise<void> {
  await page.evaluate(() => {
    Object.assign(window, { shifted: 0 })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const shift = entry as PerformanceEntry & { value: number; hadRecentInput: boolean }
        if (!shift.hadRecentInput) Object.assign(window, { shifted: (window as unknown as { shifted: number }).shifted + shift.value })
      }
    }).observe({ type: 'layout-shift' })
  })
}

/** Returns the cumulative layout shift score. */
async function shifts(page: Page): Promise<number> {
  // After two frames, the changes of the take-over have been painted.
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(painted)))))
  return page.evaluate(() => (window as unknown as { shifted: number }).shifted)
}
