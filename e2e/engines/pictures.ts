import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Origin } from '../support/origin.ts'
import { LANGUAGES, THEMES } from '../support/theatre.ts'
import { ALBUM, DESK, PHONE, WANTED } from '../shots/album.ts'
import { print, type Cell } from '../shots/print.ts'
import { test } from './fixtures.ts'
import { INSIDE, OUTSIDE, signUp, type Scene } from './scenes.ts'
import type { View } from './view.ts'

const HEIGHT = 844

for (const language of LANGUAGES) {
  test(`pictures and sheets in ${language}`, async ({ view, latchkey: { origin }, engine, page }) => {
    const folder = join(ALBUM, engine)
    await mkdir(folder, { recursive: true })
    const cells = new Map<string, Cell[]>()
    for (const scenes of [OUTSIDE, INSIDE]) {
      await view.open('/login')
      await store(view, { 'latchkey.locale': language })
      if (scenes === INSIDE) await signUp(view)
      for (const width of [PHONE, DESK]) {
        for (const theme of THEMES) {
          await store(view, { 'latchkey.theme': theme })
          await view.measure(width, HEIGHT)
          const sheet = `${language} ${theme} ${width}`
          for (const scene of scenes.filter(({ name }) => name.includes(WANTED))) {
            const file = join(folder, `${scene.name} ${sheet}.png`)
            await take(scene, view, origin, file)
            cells.set(sheet, [...(cells.get(sheet) ?? []), { file, caption: scene.name }])
          }
        }
      }
    }
    for (const [sheet, pictures] of cells) await print(page, `${engine} ${sheet}`, pictures, sheet.endsWith(String(PHONE)) ? 6 : 4)
  })
}

async function take(scene: Scene, view: View, origin: Origin, file: string): Promise<void> {
  await scene.reach(view, origin)
  // What has just come up has stopped moving.
  await new Promise((later) => setTimeout(later, 400))
  await writeFile(file, await view.picture())
  origin.faults.clear()
  await scene.leave?.(view)
}

/** Chooses what the page keeps in the browser; the next load follows it. */
async function store(view: View, values: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    await view.ask('localStorage.setItem(arguments[0], JSON.stringify(arguments[1]))', key, value)
  }
}
