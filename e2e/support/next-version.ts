import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HASHED } from './headers.ts'

/** Text on the sign-in page of the next version, in place of `Welcome back.` */
export const NEXT_WELCOME = 'Welcome anew.'
const WELCOME = 'Welcome back.'

/** Creates another build of the page with a different text and new names for all hashed files. Returns its folder. */
export async function nextVersion(page: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-page-'))
  await cp(page, folder, { recursive: true })
  const renamed = new Map<string, string>()
  for (const name of await readdir(folder)) {
    if (!HASHED.test(name)) continue
    const next = name.replace(/-[0-9a-f]{8,16}/, (hash) => `-${[...hash.slice(1)].reverse().join('')}`)
    renamed.set(name, next)
    await rename(join(folder, name), join(folder, next))
  }
  await rewrite(join(folder, 'index.html'), (text) =>
    [...renamed].reduce((text, [name, next]) => text.replaceAll(name, next), text),
  )
  const wasm = [...renamed.values()].find((name) => name.endsWith('.wasm'))
  if (!wasm) throw new Error('the page has no hashed .wasm file')
  await rewrite(join(folder, wasm), (text) => text.replaceAll(WELCOME, NEXT_WELCOME))
  return folder
}

/** Returns the files of one version that the other does not have. */
export async function onlyIn(folder: string, other: string): Promise<string[]> {
  const others = new Set(await readdir(other))
  return (await readdir(folder)).filter((name) => !others.has(name))
}

/** Rewrites a file byte by byte: a text of the same length leaves a program valid. */
async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(file, 'latin1')
  const after = change(before)
  if (after === before || after.length !== before.length) throw new Error(`${file} is not as expected`)
  await writeFile(file, after, 'latin1')
}

export function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}
