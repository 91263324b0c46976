import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Language, Theme } from '../support/browser-matrix.ts'

/** Folder of the screenshots; git ignores it. */
export const SCREENSHOTS_DIR = resolve(process.env.LATCHKEY_SHOTS ?? join(import.meta.dirname, '../../shots'))

/** Filter for states: those whose names contain this text. */
export const STATE_FILTER = process.env.LATCHKEY_STATES ?? ''

/** Variant in which a state is captured. */
export interface Variant {
  language: Language
  theme: Theme
  width: number
}

/** Widths in pixels: one of a phone and one of a desktop for every state, and two of each for plain pages. */
export const PHONE = 390
export const PHONES = [320, PHONE]
export const DESKTOP = 1280
export const DESKTOPS = [DESKTOP, 1920]

/** Returns true for a page in its normal state, without an error. */
export function isPlain(state: string): boolean {
  return !/[,:]/.test(state) || state === 'sessions, many'
}

export function fileOf(state: string, { language, theme, width }: Variant): string {
  return join(SCREENSHOTS_DIR, nameOf(state), `${language} ${theme} ${width}.png`)
}

export function nameOf(state: string): string {
  return state.replaceAll(/[:/]/g, ' -')
}

/** Returns the files of the screenshots of a state that exist. */
export async function screenshotsOf(state: string): Promise<string[]> {
  const folder = join(SCREENSHOTS_DIR, nameOf(state))
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => name.endsWith('.png')).map((name) => join(folder, name))
}
