import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Language, Theme } from '../support/browser-matrix.ts'

/** The folder of the pictures; git ignores it. */
export const SCREENSHOTS_DIR = resolve(process.env.LATCHKEY_SHOTS ?? join(import.meta.dirname, '../../shots'))

/** Which states are wanted: all whose names contain this. */
export const STATE_FILTER = process.env.LATCHKEY_STATES ?? ''

/** What differs between two pictures of one state. */
export interface Variant {
  language: Language
  theme: Theme
  width: number
}

/** How wide every state is looked at, on a phone and on a desk, and how wide the plain pages are. */
export const PHONE = 390
export const PHONES = [320, PHONE]
export const DESKTOP = 1280
export const DESKTOPS = [DESKTOP, 1920]

/** A page as it is when nothing is the matter. */
export function isPlain(state: string): boolean {
  return !/[,:]/.test(state) || state === 'sessions, many'
}

export function fileOf(state: string, { language, theme, width }: Variant): string {
  return join(SCREENSHOTS_DIR, nameOf(state), `${language} ${theme} ${width}.png`)
}

export function nameOf(state: string): string {
  return state.replaceAll(/[:/]/g, ' -')
}

/** The pictures of a state that lie in the album. */
export async function screenshotsOf(state: string): Promise<string[]> {
  const folder = join(SCREENSHOTS_DIR, nameOf(state))
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => name.endsWith('.png')).map((name) => join(folder, name))
}
