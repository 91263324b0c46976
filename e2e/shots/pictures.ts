import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Page } from '@playwright/test'
import { test } from '../support/fixtures.ts'
import { STATES, type StateContext } from '../support/states.ts'
import { LANGUAGES, BrowserMatrix, THEMES } from '../support/browser-matrix.ts'
import { DESKTOP, DESKTOPS, fileOf, isPlain, PHONE, PHONES, STATE_FILTER, type Variant } from './screenshots.ts'

/** How much of a page that goes on and on is worth a picture. */
const TALLEST = 4_000

/** A phone has a finger instead of a pointer, and its scroll bars take no room. */
const DEVICES = [
  { plain: PHONES, any: [PHONE], height: 844, options: { isMobile: true, hasTouch: true } },
  { plain: DESKTOPS, any: [DESKTOP], height: 800, options: {} },
]

for (const language of LANGUAGES) {
  for (const [who, signedIn] of Object.entries({ 'nobody is signed in': false, 'somebody is signed in': true })) {
    test(`pictures where ${who}, in ${language}`, async ({ browser, origin }) => {
      const states = STATES.filter(({ name, signedIn: inside }) => inside === signedIn && name.includes(STATE_FILTER))
      test.skip(states.length === 0, 'nothing of this is wanted')
      const matrix = await BrowserMatrix.open(browser, origin, language)
      for (const state of states) {
        for (const { plain, any, height, options } of DEVICES) {
          const look = async ({ page }: StateContext) => {
            for (const width of isPlain(state.name) ? plain : any) {
              for (const theme of THEMES) await capture(page, height, state.name, { language, theme, width })
            }
          }
          await matrix.show(state, look, { ...options, viewport: { width: any[0] ?? DESKTOP, height } })
        }
      }
    })
  }
}

async function capture(page: Page, screen: number, state: string, chosen: Variant): Promise<void> {
  const file = fileOf(state, chosen)
  await mkdir(dirname(file), { recursive: true })
  await page.emulateMedia({ colorScheme: chosen.theme })
  await page.setViewportSize({ width: chosen.width, height: screen })
  // The screen grows with the page, so that what sticks to its edges does so in the picture.
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({ width: chosen.width, height: Math.min(Math.max(height, screen), TALLEST) })
  await page.screenshot({ path: file, animations: 'disabled' })
}
