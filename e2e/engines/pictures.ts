import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Origin } from '../support/origin.ts'
import { LANGUAGES, THEMES } from '../support/browser-matrix.ts'
import { SCREENSHOTS_DIR, DESKTOP, PHONE, STATE_FILTER } from '../shots/screenshots.ts'
import { renderContactSheet, type Cell } from '../shots/contact-sheet.ts'
import { test } from './fixtures.ts'
import { SIGNED_IN, SIGNED_OUT, signUp, type EngineState } from './engine-states.ts'
import type { View } from './view.ts'

const HEIGHT = 844

for (const language of LANGUAGES) {
  test(`pictures and sheets in ${language}`, async ({ view, latchkey: { origin }, engine, page }) => {
    const folder = join(SCREENSHOTS_DIR, engine)
    await mkdir(folder, { recursive: true })
    const cells = new Map<string, Cell[]>()
    for (const states of [SIGNED_OUT, SIGNED_IN]) {
      await view.open('/login')
      await store(view, { 'latchkey.locale': language })
      if (states === SIGNED_IN) await signUp(view)
      for (const width of [PHONE, DESKTOP]) {
        for (const theme of THEMES) {
          await store(view, { 'latchkey.theme': theme })
          await view.measure(width, HEIGHT)
          const sheet = `${language} ${theme} ${width}`
          for (const state of states.filter(({ name }) => name.includes(STATE_FILTER))) {
            const file = join(folder, `${state.name} ${sheet}.png`)
            await capture(state, view, origin, file)
            cells.set(sheet, [...(cells.get(sheet) ?? []), { file, caption: state.name }])
          }
        }
      }
    }
    for (const [sheet, pictures] of cells) await renderContactSheet(page, `${engine} ${sheet}`, pictures, sheet.endsWith(String(PHONE)) ? 6 : 4)
  })
}

async function capture(state: EngineState, view: View, origin: Origin, file: string): Promise<void> {
  await state.reach(view, origin)
  // Opening animations have ended by then.
  await new Promise((later) => setTimeout(later, 400))
  await writeFile(file, await view.picture())
  origin.faults.clear()
  await state.leave?.(view)
}

/** Sets values in local storage; they take effect at the next load. */
async function store(view: View, values: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    await view.ask('localStorage.setItem(arguments[0], JSON.stringify(arguments[1]))', key, value)
  }
}
