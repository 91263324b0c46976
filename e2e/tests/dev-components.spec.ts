import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { violations } from '../support/axe.ts'
import { expect, test } from '../support/fixtures.ts'
import { DEVELOPERS_PAGE, PAGE } from '../support/origin.ts'
import { heading } from '../support/people.ts'
import { overflows, NARROW } from '../support/reflow.ts'
import { BROWSERS, LANGUAGES, THEMES } from '../support/browser-matrix.ts'

const PATH = '/dev/components'

/** Sections of the page with the design's components. */
const PARTS = [
  'Colour',
  'Type',
  'Spacing',
  'Button',
  'Field',
  'Password field',
  'Select',
  'Switch',
  'Card',
  'List row',
  'Badge',
  'Navigation',
  'Menu',
  'Dialog',
  'Toast',
  'Banner',
  'Problem and notice',
  'Skeleton',
  'Empty state',
  'Code block',
]

test('people get not a byte of the page that shows all components', async ({ page }) => {
  expect(await filesThatName(PATH, DEVELOPERS_PAGE)).toContainEqual(expect.stringMatching(/\.wasm$/))
  for (const word of [PATH, 'data-exhibit', 'data-forced']) expect(await filesThatName(word, PAGE)).toEqual([])
  await page.goto(PATH)
  await expect(heading(page, 'Page not found')).toBeVisible()
})

async function filesThatName(word: string, folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const found = await Promise.all(
    names.map(async ({ name, parentPath }) => ((await readFile(join(parentPath, name))).includes(word) ? [name] : [])),
  )
  return found.flat()
}

async function openGallery(page: Page): Promise<void> {
  await page.goto(PATH)
  await expect(page.locator('[data-exhibit]').first()).toBeVisible()
  await expect(page.locator('#shell')).toHaveCount(0)
}

test.describe('in a development build', () => {
  test.beforeEach(({ origin }) => {
    origin.page = DEVELOPERS_PAGE
  })

  for (const language of LANGUAGES) {
    test.describe(language, () => {
      test.use({ locale: BROWSERS[language], contextOptions: { reducedMotion: 'reduce' } })

      test(`every component in every state can be read, heard and used, in ${language}`, async ({ page }) => {
        test.slow()
        await openGallery(page)
        const found: Record<string, string[]> = {}
        for (const colorScheme of THEMES) {
          await page.emulateMedia({ colorScheme })
          found[colorScheme] = await violations(page)
        }
        for (const width of NARROW) found[width] = await overflows(page, width)
        expect(found).toEqual(Object.fromEntries([...THEMES, ...NARROW].map((name) => [name, []])))
      })
    })
  }

  test('it has every component, and each state looks like itself', async ({ page }) => {
    await openGallery(page)
    const names = await page.locator('[data-exhibit]').evaluateAll((all) => all.map((one) => one.getAttribute('data-exhibit')))
    expect(names).toEqual(PARTS)
    const look = (state: string) =>
      page.locator(`[data-exhibit=Button] [data-state="${state}"] button.primary`).evaluate((button) => {
        const { backgroundColor, outlineStyle, translate } = getComputedStyle(button)
        return [backgroundColor, outlineStyle, translate].join()
      })
    const looks = await Promise.all(['as it is', 'hover', 'focus', 'pressed'].map(look))
    expect(new Set(looks).size).toBe(4)
  })

  test('what opens and what is said can be tried out', async ({ page }) => {
    await openGallery(page)
    await page.locator('[data-exhibit=Dialog] [data-state="long text, Korean"] [aria-haspopup]').click()
    await expect(page.locator('dialog[open]')).toBeVisible()
    await page.keyboard.press('Escape')
    for (const button of await page.locator('[data-exhibit=Toast] .actions button').all()) await button.click()
    await expect(page.getByTestId('toasts').locator('.toast')).toHaveCount(3)
    await page.getByRole('button', { name: 'Account menu' }).click()
    await expect(page.locator('[popover]:popover-open')).toBeVisible()
  })
})
