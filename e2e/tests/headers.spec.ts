import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { expect, test } from '../support/fixtures.ts'
import { directives, PAGE_HEADERS } from '../support/headers.ts'

const POLICY = PAGE_HEADERS['content-security-policy'] ?? ''

test('every browser test runs under the headers of production', async ({ request }) => {
  for (const path of ['/', '/account/sessions', '/early.js', '/nope.js']) {
    expect((await request.get(path)).headers(), path).toMatchObject(PAGE_HEADERS)
  }
})

test('the content policy allows what the page is made of, and nothing else', () => {
  const policy = directives(POLICY)
  expect(policy.get('default-src')).toEqual(["'none'"])
  expect(policy.get('script-src')).toEqual(["'self'", "'wasm-unsafe-eval'"])
  expect(policy.get('frame-ancestors')).toEqual(["'none'"])
  expect(policy.get('base-uri')).toEqual(["'self'"])
  expect(policy.get('form-action')).toEqual(["'self'"])
  const sources = [...policy.values()].flat()
  expect(sources).not.toContain("'unsafe-inline'")
  expect(sources).not.toContain("'unsafe-eval'")
  expect(sources.filter((source) => !source.startsWith("'"))).toEqual(['data:'])
})

test('no other site may frame the page, learn its address, or hold its window', () => {
  expect(PAGE_HEADERS).toMatchObject({
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  for (const feature of ['camera', 'geolocation', 'microphone', 'payment', 'usb']) {
    expect(PAGE_HEADERS['permissions-policy']).toContain(`${feature}=()`)
  }
})

test('development runs under the same content policy, but for the nonce of the script that reloads the page', async () => {
  const trunk = await readFile(resolve(import.meta.dirname, '../../Trunk.toml'), 'utf8')
  const list = /^csp = \[\n(.*?)^\]/ms.exec(trunk)?.[1] ?? ''
  const policy = [...list.matchAll(/"(.*)"/g)].map(([, directive]) => directive).join('; ')
  expect(policy.replace(" 'nonce-{{NONCE}}'", '')).toBe(POLICY)
})
