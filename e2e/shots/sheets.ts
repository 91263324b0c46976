import { basename } from 'node:path'
import { test } from '@playwright/test'
import { STATES } from '../support/states.ts'
import { LANGUAGES, THEMES } from '../support/browser-matrix.ts'
import { DESKTOP, fileOf, nameOf, PHONE, screenshotsOf, STATE_FILTER } from './screenshots.ts'
import { renderContactSheet } from './contact-sheet.ts'

/** Number of pictures on one sheet. */
const AT_ONCE = 12

const wanted = STATES.filter(({ name }) => name.includes(STATE_FILTER))

test('one sheet for each state, with all its pictures', async ({ page }) => {
  for (const { name } of wanted) {
    const files = (await screenshotsOf(name)).sort((a, b) => widthOf(a) - widthOf(b))
    const cells = files.map((file) => ({ file, caption: basename(file, '.png') }))
    await renderContactSheet(page, nameOf(name), cells, 4)
  }
})

test('sheets with many states at once, for each language, theme and width', async ({ page }) => {
  for (const language of LANGUAGES) {
    for (const theme of THEMES) {
      for (const width of [PHONE, DESKTOP]) {
        const cells = wanted.map(({ name }) => ({ file: fileOf(name, { language, theme, width }), caption: name }))
        for (let from = 0; from < cells.length; from += AT_ONCE) {
          const name = `all ${language} ${theme} ${width} ${1 + from / AT_ONCE}`
          await renderContactSheet(page, name, cells.slice(from, from + AT_ONCE), width === PHONE ? 6 : 4)
        }
      }
    }
  }
})

function widthOf(file: string): number {
  return Number(basename(file, '.png').split(' ').at(-1))
}
