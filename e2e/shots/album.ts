import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Language, Theme } from '../support/theatre.ts'

/** The folder of the pictures; git ignores it. */
export const ALBUM = resolve(process.env.LATCHKEY_SHOTS ?? join(import.meta.dirname, '../../shots'))

/** Which states are wanted: all whose names contain this. */
export const WANTED = process.env.LATCHKEY_STATES ?? ''

/** What differs between two pictures of one state. */
export interface Take {
  language: Language
  theme: Theme
  width: number
}

/** How wide every state is looked at, on a phone and on a desk, and how wide the plain pages are. */
export const PHONE = 390
export const PHONES = [320, PHONE]
export const DESK = 1280
export const DESKS = [DESK, 1920]

/** A page as it is when nothing is the matter. */
export function isPlain(state: string): boolean {
  return !/[,:]/.test(state) || state === 'sessions, many'
}

export function fileOf(state: string, { language, theme, width }: Take): string {
  return join(ALBUM, nameOf(state), `${language} ${theme} ${width}.png`)
}

export function nameOf(state: string): string {
  return state.replaceAll(/[:/]/g, ' -')
}

/** The pictures of a state that lie in the album. */
export async function picturesOf(state: string): Promise<string[]> {
  const folder = join(ALBUM, nameOf(state))
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => name.endsWith('.png')).map((name) => join(folder, name))
}
