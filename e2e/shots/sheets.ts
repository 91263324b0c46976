import { rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test, type Page } from '@playwright/test'
import { STATES } from '../support/states.ts'
import { LANGUAGES, THEMES } from '../support/theatre.ts'
import { ALBUM, DESK, fileOf, nameOf, PHONE, picturesOf, WANTED } from './album.ts'

/** A picture and what is written below it. */
interface Cell {
  file: string
  caption: string
}

/** How many pictures one look takes in. */
const AT_ONCE = 12

const wanted = STATES.filter(({ name }) => name.includes(WANTED))

test('one sheet for each state, with all its pictures', async ({ page }) => {
  for (const { name } of wanted) {
    const files = (await picturesOf(name)).sort((a, b) => widthOf(a) - widthOf(b))
    const cells = files.map((file) => ({ file, caption: basename(file, '.png') }))
    await print(page, nameOf(name), cells, 4)
  }
})

test('sheets with many states at once, for each language, theme and width', async ({ page }) => {
  for (const language of LANGUAGES) {
    for (const theme of THEMES) {
      for (const width of [PHONE, DESK]) {
        const cells = wanted.map(({ name }) => ({ file: fileOf(name, { language, theme, width }), caption: name }))
        for (let from = 0; from < cells.length; from += AT_ONCE) {
          const name = `all ${language} ${theme} ${width} ${1 + from / AT_ONCE}`
          await print(page, name, cells.slice(from, from + AT_ONCE), width === PHONE ? 6 : 4)
        }
      }
    }
  }
})

function widthOf(file: string): number {
  return Number(basename(file, '.png').split(' ').at(-1))
}

/** Lays the pictures out as a page, and takes a picture of that. */
async function print(page: Page, name: string, cells: Cell[], columns: number): Promise<void> {
  const figures = cells.map(({ file, caption }) => {
    const source = pathToFileURL(file).href
    return `<figure><img src="${source}"><figcaption>${caption}</figcaption></figure>`
  })
  const layout = join(ALBUM, `${name}.html`)
  await writeFile(layout, `<!doctype html><meta charset="utf-8"><style>${style(columns)}</style>${figures.join('')}`)
  await page.setViewportSize({ width: 1800, height: 400 })
  await page.goto(pathToFileURL(layout).href)
  await page.screenshot({ path: join(ALBUM, `${name}.png`), fullPage: true })
  await rm(layout)
}

function style(columns: number): string {
  return `body { display: grid; grid-template-columns: repeat(${columns}, 1fr); gap: 16px; margin: 16px; background: #888; font: 14px sans-serif }
    figure { margin: 0 }
    img { display: block; width: 100%; max-height: 900px; object-fit: contain; object-position: top left }
    figcaption { padding: 4px 0 }`
}
