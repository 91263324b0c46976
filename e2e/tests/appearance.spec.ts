import type { Page } from '@playwright/test'
import { CONNECTION_BROKE } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, bar, goTo, heading, signUp } from '../support/people.ts'
import { fillIn, open, send, STATES } from '../support/states.ts'
import { BrowserMatrix } from '../support/browser-matrix.ts'

function state(name: string) {
  const found = STATES.find((state) => state.name === name)
  if (!found) throw new Error(`there is no state "${name}"`)
  return found
}

test('nothing that can be pressed or filled in vanishes with the colours', async ({ browser, origin }) => {
  const matrix = await BrowserMatrix.open(browser, origin, 'en')
  for (const name of ['sign-in', 'sign-up, empty fields', 'security', 'sessions, many', 'account menu', 'delete the account']) {
    await matrix.show(
      state(name),
      async ({ page }) => expect(await shapeless(page), name).toEqual([]),
      { forcedColors: 'active' },
    )
  }
})

/** Returns controls that only a background would show: those without a border, an underline, or a visible icon. */
function shapeless(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const ground = getComputedStyle(document.body).backgroundColor
    const hasDrawing = (control: Element) => {
      const icon = (control.closest('label') ?? control).querySelector('.icon')
      return icon !== null && ![ground, 'rgba(0, 0, 0, 0)'].includes(getComputedStyle(icon).backgroundColor)
    }
    return [...document.querySelectorAll('button, input, select, a.button')]
      .filter((control) => control.checkVisibility() && !hasDrawing(control))
      .filter((control) => {
        const { borderStyle, borderWidth, textDecorationLine } = getComputedStyle(control)
        return (borderStyle === 'none' || parseFloat(borderWidth) < 1) && textDecorationLine === 'none'
      })
      .map((control) => control.outerHTML.slice(0, 100))
  })
}

test('the page that one is on can be told without colours', async ({ browser, origin }) => {
  const matrix = await BrowserMatrix.open(browser, origin, 'en')
  const shape = ({ page }: { page: Page }, current: boolean) =>
    page.locator(current ? 'nav [aria-current=page]' : 'nav a:not([aria-current])').first().evaluate((link) => {
      const { fontWeight, borderWidth, borderStyle, outlineStyle, textDecorationLine } = getComputedStyle(link)
      return [fontWeight, borderWidth, borderStyle, outlineStyle, textDecorationLine].join()
    })
  await matrix.show(
    state('profile'),
    async (stateContext) => expect(await shape(stateContext, true)).not.toBe(await shape(stateContext, false)),
    { forcedColors: 'active' },
  )
})

test('nothing moves where people asked for no motion', async ({ browser, origin }) => {
  const matrix = await BrowserMatrix.open(browser, origin, 'en')
  const moving = (page: Page) => page.evaluate(() => document.getAnimations().length)
  for (const name of ['sessions, on their way', 'sign-in, on its way']) {
    await matrix.show(state(name), async ({ page }) => expect(await moving(page), name).toBe(0))
    // Otherwise a page without any motion would pass as well.
    const lively = async ({ page }: { page: Page }) => expect(await moving(page), name).toBeGreaterThan(0)
    await matrix.show(state(name), lively, { reducedMotion: 'no-preference' })
  }
})

test.describe('with no motion', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce' } })

  test('pages change and dialogs open at once', async ({ page }) => {
    await signUp(page, ADA)
    await page.evaluate(() => {
      const seen: string[] = []
      Object.assign(window, { seen })
      const look = () => {
        for (const { effect } of document.getAnimations()) {
          if (effect instanceof KeyframeEffect && Number(effect.getComputedTiming().duration) > 20) {
            seen.push(`${effect.target?.localName}${effect.pseudoElement ?? ''}`)
          }
        }
        requestAnimationFrame(look)
      }
      look()
    })
    await goTo(page, 'Security')
    await expect(heading(page, 'Security')).toBeVisible()
    await page.locator('main button[aria-haspopup=dialog]').click()
    await expect(page.locator('dialog[open]')).toBeVisible()
    await page.keyboard.press('Escape')
    await goTo(page, 'Sessions')
    await expect(page.locator('[data-session]').first()).toBeVisible()
    expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual([])
  })
})

test('what is announced is put into a place that was there before', async ({ page, origin, consoleErrors }) => {
  consoleErrors.expect(CONNECTION_BROKE)
  await signUp(page, ADA)
  await open(page, '/account/profile')
  await page.evaluate(() => {
    for (const place of document.querySelectorAll('[role=status], [aria-live]')) place.setAttribute('data-before', '')
  })
  await fillIn(page.locator('main'), { display_name: 'Augusta Ada King' })
  await send(page.locator('main'))
  await expect(page.locator('[data-before]').filter({ hasText: 'Saved' })).toBeVisible()
  origin.faults.on({ path: /^\/api\// }, { kind: 'cut' })
  await goTo(page, 'Sessions')
  await expect(bar(page)).toContainText(/\w+ \w+/)
  await expect(page.locator('[data-before]').filter({ has: page.locator('[data-testid=session-bar]') }).or(page.locator('[data-testid=session-bar][data-before]'))).toHaveCount(1)
})

test('every page has a title of its own, in the language of the page', async ({ page }) => {
  const titles = new Set<string>()
  const note = async (path: string) => {
    await open(page, path)
    titles.add(await page.title())
  }
  await note('/login')
  await page.locator('select').filter({ has: page.locator('option[value=ko]') }).selectOption('ko')
  await expect(page).toHaveTitle(/[가-힣]/)
  await page.locator('select').filter({ has: page.locator('option[value=ko]') }).selectOption('en')
  await note('/signup')
  await signUp(page, ADA)
  for (const path of ['/', '/account/profile', '/account/security', '/account/sessions', '/account/token', '/nowhere']) {
    await note(path)
  }
  expect([...titles]).toHaveLength(8)
})
