import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Page } from '@playwright/test'
import { test } from '../support/fixtures.ts'
import { STATES, type StateContext } from '../support/states.ts'
import { LANGUAGES, BrowserMatrix, THEMES } from '../support/browser-matrix.ts'
import { DESKTOP, DESKTOPS, fileOf, isPlain, PHONE, PHONES, STATE_FILTER, type Variant } from './screenshots.ts'

/** Maximum height of a screenshot, in pixels. */
const TALLEST = 4_000

/** Devices with their widths; a phone has touch instead of a pointer, and its scroll bars take no space. */
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
  // The viewport grows with the page, so that sticky elements are at the edges of the picture.
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({ width: chosen.width, height: Math.min(Math.max(height, screen), TALLEST) })
  await page.screenshot({ path: file, animations: 'disabled' })
}
