import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from '@playwright/test'
import { SCREENSHOTS_DIR } from './screenshots.ts'

/** Picture with its caption. */
export interface Cell {
  file: string
  caption: string
}

/** Lays the pictures out in a grid on a page, and saves a screenshot of it. */
export async function renderContactSheet(page: Page, name: string, cells: Cell[], columns: number): Promise<void> {
  const figures = cells.map(({ file, caption }) => {
    const source = pathToFileURL(file).href
    return `<figure><img src="${source}"><figcaption>${caption}</figcaption></figure>`
  })
  const layout = join(SCREENSHOTS_DIR, `${name}.html`)
  await writeFile(layout, `<!doctype html><meta charset="utf-8"><style>${style(columns)}</style>${figures.join('')}`)
  await page.setViewportSize({ width: 1800, height: 400 })
  await page.goto(pathToFileURL(layout).href)
  await page.screenshot({ path: join(SCREENSHOTS_DIR, `${name}.png`), fullPage: true })
  await rm(layout)
}

function style(columns: number): string {
  return `body { display: grid; grid-template-columns: repeat(${columns}, 1fr); gap: 16px; margin: 16px; background: #888; font: 14px sans-serif }
    figure { margin: 0 }
    img { display: block; width: 100%; max-height: 900px; object-fit: contain; object-position: top left }
    figcaption { padding: 4px 0 }`
}
