import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export const CADDYFILE = resolve(import.meta.dirname, '../../deploy/Caddyfile')

/** Headers that production sends with every file of the page: the one `header { … }` block of the Caddyfile. */
export const PAGE_HEADERS = headersIn(readFileSync(CADDYFILE, 'utf8'))

export const IMMUTABLE = 'public, max-age=31536000, immutable'
export const NO_CACHE = 'no-cache'

/** Matches file names with a content hash, which may be cached for ever; Trunk leaves out the hash's leading zeros. */
export const HASHED = /-[0-9a-f]{8,16}[._]/

export function cacheControl(path: string): string {
  return HASHED.test(path) ? IMMUTABLE : NO_CACHE
}

/** Parses a content security policy into its directives. */
export function directives(policy: string): Map<string, string[]> {
  const parts = policy.split(';').map((part) => part.trim().split(/\s+/))
  return new Map(parts.map(([name = '', ...sources]) => [name, sources]))
}

function headersIn(caddyfile: string): Record<string, string> {
  const block = /^\s*header \{\n(.*?)^\s*\}/ms.exec(caddyfile)?.[1] ?? ''
  const lines = [...block.matchAll(/^\s*([\w-]+) "(.*)"$/gm)]
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name.toLowerCase(), value]))
}
