import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { startCaddy, type Site } from '../support/caddy.ts'
import { expect, test as base } from '../support/fixtures.ts'
import { CADDYFILE, HASHED, IMMUTABLE, NO_CACHE, PAGE_HEADERS } from '../support/headers.ts'
import { NEXT_WELCOME, nextVersion, onlyIn, remove } from '../support/next-version.ts'
import { NGINX_CONF, startNginx } from '../support/nginx.ts'
import { PAGE } from '../support/origin.ts'
import { ADA, fillInSignUp, goTo, heading, signOut, signUp } from '../support/people.ts'
import { sparePort } from '../support/ports.ts'
import type { Program } from '../support/program.ts'
import { missingPrograms, onPath } from '../support/samples.ts'
import { Server } from '../support/server.ts'

/** Web server of `deploy/`, with its differences from the other one. */
interface WebServer {
  start(folder: string, site: Site): Promise<Program>
  encodings: string[]
  script: string
  /** Value of its `Server` header. */
  server: string | null
  /** Body of its 404 response. */
  missing: string
}

const WEB_SERVERS = {
  caddy: { start: startCaddy, encodings: ['br', 'gzip'], script: 'text/javascript; charset=utf-8', server: null, missing: '' },
  // Not every nginx has the Brotli module; without `headers-more`, nginx cannot omit its `Server` header.
  nginx: { start: startNginx, encodings: ['gzip'], script: 'application/javascript; charset=utf-8', server: 'nginx', missing: 'Not found\n' },
} satisfies Record<string, WebServer>

type Name = keyof typeof WEB_SERVERS

/** Test base with a real web server and its file from `deploy/`, in front of a real Latchkey server. */
const test = base.extend<{ web: Name; site: string; folder: string }>({
  web: ['caddy', { option: true }],

  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-web-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },

  site: async ({ folder, web }, use) => {
    const site = `http://localhost:${await sparePort()}`
    const server = await Server.start(site, {})
    await preparePage(join(folder, 'page'))
    const program = await WEB_SERVERS[web].start(folder, { url: site, page: join(folder, 'page'), apiPort: server.port })
    await use(site)
    await program.stop()
    await server.end()
  },

  baseURL: ({ site }, use) => use(site),
})

/** Copies the page and compresses its larger files, as `cargo xtask dist` does. */
async function preparePage(folder: string, page = PAGE): Promise<void> {
  await cp(page, folder, { recursive: true })
  for (const name of await readdir(folder)) {
    if (!['.html', '.js', '.css', '.wasm'].includes(extname(name))) continue
    const content = await readFile(join(folder, name))
    await writeFile(join(folder, `${name}.br`), brotliCompressSync(content, { params: { 1: 4 } }))
    await writeFile(join(folder, `${name}.gz`), gzipSync(content))
  }
}

async function hashed(folder: string, extension: string): Promise<string> {
  const names = await readdir(join(folder, 'page'))
  const name = names.find((name) => HASHED.test(name) && extname(name) === extension)
  if (!name) throw new Error(`the page has no hashed ${extension} file`)
  return `/${name}`
}

function ask(url: string, encoding = 'br, gzip'): Promise<Response> {
  return fetch(url, { headers: { 'accept-encoding': encoding } })
}

for (const [name, { encodings, script, server, missing }] of Object.entries(WEB_SERVERS)) {
  const needs = missingPrograms({ [name]: onPath(name) })
  test.describe(name, () => {
    test.use({ web: name as Name })
    test.skip(needs.length > 0, `it needs ${needs.join(' and ')}`)

    test('answers a deep link with the page, uncached and with every security header', async ({ site }) => {
      const answer = await ask(`${site}/account/sessions`)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(answer.headers.get('cache-control')).toBe(NO_CACHE)
      expect(Object.fromEntries(answer.headers)).toMatchObject(PAGE_HEADERS)
      expect(answer.headers.get('server')).toBe(server)
      expect(await answer.text()).toContain('<!doctype html>')
    })

    test('sends hashed files compressed, with their type, to be kept for ever', async ({ site, folder }) => {
      for (const [extension, type] of [
        ['.wasm', 'application/wasm'],
        ['.js', script],
        ['.css', 'text/css; charset=utf-8'],
      ] as const) {
        const file = await hashed(folder, extension)
        const content = await readFile(join(folder, 'page', file))
        for (const encoding of encodings) {
          const answer = await ask(`${site}${file}`, encoding)
          expect(answer.headers.get('content-encoding')).toBe(encoding)
          expect(answer.headers.get('content-type')).toBe(type)
          expect(answer.headers.get('cache-control')).toBe(IMMUTABLE)
          expect(answer.headers.get('vary')).toBe('Accept-Encoding')
          expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true)
        }
      }
    })

    test('does not answer for files that are not there', async ({ site }) => {
      for (const path of ['/nope.js', '/latchkey-page-0123456789abcdef.js', '/assets/nope.css']) {
        const answer = await ask(`${site}${path}`)
        expect(answer.status, path).toBe(404)
        expect(answer.headers.get('server'), path).toBe(server)
        expect(answer.headers.get('cache-control'), path).toBe(NO_CACHE)
        expect(await answer.text(), path).toBe(missing)
      }
    })

    test('passes on to the API, and nothing else', async ({ site }) => {
      const keys = (await (await ask(`${site}/.well-known/jwks.json`)).json()) as { keys: unknown[] }
      expect(keys.keys.length).toBeGreaterThan(0)
      const unknown = await ask(`${site}/api/nothing`)
      expect(unknown.status).toBe(404)
      expect(unknown.headers.get('content-type')).toContain('application/problem+json')
      expect((await ask(`${site}/apiary`)).headers.get('content-type')).toContain('text/html')
    })

    test('takes the place of an old version at the next load, and leaves open tabs alone', async ({ page, site, folder }) => {
      await page.goto('/login')
      // The outline has the same text, and would still ask for files.
      await expect(page.locator('#shell')).toHaveCount(0)
      await expect(page.getByText('Welcome back.')).toBeVisible()
      const next = await nextVersion(PAGE)
      const gone = await onlyIn(PAGE, next)
      await rm(join(folder, 'page'), { recursive: true })
      await preparePage(join(folder, 'page'), next)
      await remove(next)
      for (const file of gone) {
        const answer = await ask(`${site}/${file}`)
        expect([answer.status, answer.headers.get('cache-control')], file).toEqual([404, NO_CACHE])
      }
      // The open tab must still work without the files of its version.
      await page.getByRole('link', { name: 'Create account' }).click()
      await fillInSignUp(page, ADA)
      await page.getByRole('button', { name: 'Create account' }).click()
      await goTo(page, 'Sessions')
      await expect(page.getByText('This session')).toBeVisible()
      await signOut(page)
      await expect(page.getByText('Welcome back.')).toBeVisible()
      // The cached old version must not be used: the browser requests the document again.
      await page.goto('/login')
      await expect(page.getByText(NEXT_WELCOME)).toBeVisible()
    })

    test('carries a person from sign-up to their sessions', async ({ page }) => {
      await signUp(page, ADA)
      await goTo(page, 'Sessions')
      await expect(heading(page, 'Sessions')).toBeVisible()
      await expect(page.getByText('This session')).toBeVisible()
    })
  })
}

test.describe('nginx, which goes by whole seconds', () => {
  const needs = missingPrograms({ nginx: onPath('nginx') })
  test.use({ web: 'nginx' })
  test.skip(needs.length > 0, `it needs ${needs.join(' and ')}`)

  test('sends the document whole, whatever version of the same age a browser has', async ({ site }) => {
    const answer = await ask(`${site}/login`)
    expect(answer.headers.get('etag')).toBeNull()
    const since = answer.headers.get('last-modified') ?? new Date().toUTCString()
    const again = await fetch(`${site}/login`, { headers: { 'if-modified-since': since } })
    expect(again.status).toBe(200)
    expect(await again.text()).toContain('<!doctype html>')
  })
})

test.describe('the files of deploy', () => {
  const needs = missingPrograms({ caddy: onPath('caddy') })
  test.skip(needs.length > 0, `it needs ${needs.join(' and ')}`)

  test('Caddy takes its strictness about https and the proxies before it from variables', () => {
    const adapted = (env: Record<string, string>) =>
      execFileSync('caddy', ['adapt', '--config', CADDYFILE, '--adapter', 'caddyfile'], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ...env },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    const usual = adapted({})
    expect(usual).toContain('"Strict-Transport-Security":["max-age=31536000"]')
    expect(usual).not.toContain('trusted_proxies')
    const behind = adapted({
      CADDY_HSTS: 'max-age=31536000; includeSubDomains',
      CADDY_TRUSTED_PROXIES: '192.0.2.0/24 2001:db8::/32',
    })
    expect(behind).toContain('"Strict-Transport-Security":["max-age=31536000; includeSubDomains"]')
    expect(behind).toContain('"trusted_proxies":["192.0.2.0/24","2001:db8::/32"]')
  })

  test('nginx sends the headers that Caddy sends', async () => {
    const sent = [...(await readFile(NGINX_CONF, 'utf8')).matchAll(/^\s*add_header ([\w-]+) "(.*)";$/gm)]
    const headers = Object.fromEntries(sent.map(([, name = '', value = '']) => [name.toLowerCase(), value]))
    expect(headers).toMatchObject(PAGE_HEADERS)
  })
})
