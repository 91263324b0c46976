import type { Page } from '@playwright/test'
import { sessionEnded } from '../support/answers.ts'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, followBeneath, goTo, heading, linkTo, signIn, signOut, signUp, welcome } from '../support/people.ts'
import { open } from '../support/states.ts'

/** Pseudo-element that shows the old page during a view transition. */
const PICTURE = '::view-transition-old(page)'

/** Starts to record all animations, and the number of view transitions that are started. */
async function watchMotion(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = new Set<string>()
    const watch = { seen, asked: 0 }
    Object.assign(window, { watch })
    const look = () => {
      for (const { effect } of document.getAnimations()) {
        if (effect instanceof KeyframeEffect) seen.add(`${effect.pseudoElement ?? effect.target?.localName}`)
      }
      requestAnimationFrame(look)
    }
    look()
    const start = document.startViewTransition.bind(document)
    document.startViewTransition = (...words) => {
      watch.asked += 1
      return start(...words)
    }
  })
}

function motion(page: Page): Promise<{ seen: string[]; asked: number }> {
  return page.evaluate(() => {
    const { watch } = window as unknown as { watch: { seen: Set<string>; asked: number } }
    return { seen: [...watch.seen], asked: watch.asked }
  })
}

/** Slows down the fade of the old page, so that the state during the transition can be inspected. */
async function slowDown(page: Page): Promise<void> {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync('::view-transition-old(page) { animation-duration: 20s !important }')
    document.adoptedStyleSheets.push(sheet)
  })
}

async function fades(page: Page): Promise<void> {
  const fading = () =>
    page.evaluate(
      (picture) =>
        document.getAnimations().some(({ effect }) => effect instanceof KeyframeEffect && effect.pseudoElement === picture),
      PICTURE,
    )
  await expect.poll(fading).toBe(true)
}

test('a page that is left fades, and nothing around it moves', async ({ page }) => {
  await signUp(page, ADA)
  await watchMotion(page)
  await goTo(page, 'Security')
  await expect(heading(page, 'Security')).toBeFocused()
  await expect.poll(async () => (await motion(page)).seen).toContain(PICTURE)
  const pictured = (await motion(page)).seen.filter((what) => what.startsWith('::view-transition-old'))
  expect(pictured).toEqual([PICTURE])
  expect((await motion(page)).asked).toBe(1)
})

test('between the pages for signing in and up as well, and on the way in', async ({ page }) => {
  await open(page, '/login')
  await watchMotion(page)
  await page.getByRole('link', { name: 'Create account' }).click()
  await expect(heading(page, 'Create your account')).toBeFocused()
  await page.getByLabel('Email').fill(ADA.email)
  await page.getByLabel('Display name').fill(ADA.name)
  await page.getByLabel('Password', { exact: true }).fill(ADA.password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(welcome(page, ADA)).toBeFocused()
  expect(await motion(page)).toMatchObject({ asked: 2, seen: expect.arrayContaining([PICTURE]) })
})

test('the first page is there at once, and whoever signs out is out at once', async ({ page, context }) => {
  await signUp(page, ADA)
  await context.addInitScript(() => {
    const start = document.startViewTransition.bind(document)
    document.startViewTransition = (...words) => {
      document.documentElement.setAttribute('data-pictured', '')
      return start(...words)
    }
  })
  // The sign-in page redirects a signed-in person to the home page.
  for (const path of ['/account/profile', '/login', '/']) {
    await open(page, path)
    await expect(page.locator('nav')).toBeVisible()
    await expect(page.locator('html')).not.toHaveAttribute('data-pictured')
  }
  await signOut(page)
  await open(page, '/account/profile')
  await expect(heading(page, 'Sign in')).toBeVisible()
  await expect(page.locator('html')).not.toHaveAttribute('data-pictured')
})

test('a browser that pictures nothing changes pages all the same', async ({ page, context }) => {
  await context.addInitScript(() => (document.startViewTransition = undefined as never))
  await signUp(page, ADA)
  await goTo(page, 'Security')
  await expect(heading(page, 'Security')).toBeFocused()
  await page.goBack()
  await expect(welcome(page, ADA)).toBeFocused()
})

test('the next page can be used while the one before still fades', async ({ page, origin }) => {
  await signUp(page, ADA)
  await slowDown(page)
  await goTo(page, 'Profile')
  await expect(heading(page, 'Profile')).toBeFocused()
  await fades(page)
  const name = page.getByRole('main').getByLabel('Display name')
  await name.click()
  await page.keyboard.press('End')
  await page.keyboard.type(' King')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  await page.getByRole('button', { name: 'Account menu' }).click()
  await expect(page.getByRole('dialog', { name: 'Account menu' })).toContainText('Ada Lovelace King')
  await page.keyboard.press('Escape')
  await fades(page)
  await goTo(page, 'Sessions')
  await expect(heading(page, 'Sessions')).toBeFocused()
  expect(page.url()).toBe(`${origin.url}/account/sessions`)
})

test('whoever clicks from page to page gets where the last click leads, without a complaint', async ({ page, origin }) => {
  await signUp(page, ADA)
  // The clicks come in one task, one millisecond apart, one frame apart, and then as fast as Playwright clicks.
  const links = ['Profile', 'Security', 'Sessions', 'Token', 'Home', 'Security']
  for (const pause of [0, 1, 16]) {
    await page.evaluate(
      async ([paths, pause]) => {
        for (const path of paths) {
          document.querySelector<HTMLElement>(`nav a[href="${path}"]`)?.click()
          if (pause) await new Promise((later) => setTimeout(later, pause))
        }
      },
      [['/account/profile', '/account/security', '/account/sessions', '/', '/account/token'], pause] as const,
    )
    await expect(heading(page, 'Token')).toBeFocused()
    expect(page.url()).toBe(`${origin.url}/account/token`)
    await expect(page.locator('nav [aria-current=page]')).toHaveText('Token')
  }
  for (const link of links) await linkTo(page, link).click({ noWaitAfter: true })
  await expect(heading(page, 'Security')).toBeFocused()
  await page.goBack()
  await page.goBack()
  await page.goForward()
  await expect(heading(page, 'Home').or(welcome(page, ADA))).toBeFocused()
  await expect(page.locator('main h1')).toHaveCount(1)
  await expect(page.locator('html')).not.toHaveAttribute('data-leaving')
})

test('the next page begins at its top', async ({ page }) => {
  await page.setViewportSize({ width: 800, height: 400 })
  await signUp(page, ADA)
  await goTo(page, 'Security')
  await expect(heading(page, 'Security')).toBeFocused()
  await page.evaluate(() => scrollTo(0, 300))
  await goTo(page, 'Profile')
  await expect(heading(page, 'Profile')).toBeFocused()
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0)
})

test('a dialog stays in sight while the page below it changes', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(httpError(401))
  await signUp(page, ADA)
  await goTo(page, 'Profile')
  await expect(heading(page, 'Profile')).toBeFocused()
  origin.faults.on({ path: /^\/api\// }, sessionEnded('expired'))
  await followBeneath(page, '/account/sessions')
  await expect(page.locator('dialog[open]')).toBeVisible()
  await watchMotion(page)
  await page.goBack()
  await expect(page.locator('nav [aria-current=page]')).toHaveText('Profile')
  await expect(page.locator('dialog[open]')).toBeVisible()
  expect((await motion(page)).asked).toBe(0)
})

test.describe('with no motion', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce' } })

  test('no change of page is pictured', async ({ page }) => {
    await signUp(page, ADA)
    await watchMotion(page)
    await goTo(page, 'Security')
    await expect(heading(page, 'Security')).toBeFocused()
    await signOut(page)
    await signIn(page, ADA)
    await expect(welcome(page, ADA)).toBeFocused()
    expect(await motion(page)).toEqual({ seen: [], asked: 0 })
  })
})
