import type { Page } from '@playwright/test'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { UpstreamApp } from '../support/upstream-app.ts'
import { startCaddy } from '../support/caddy.ts'
import { expect, test as base } from '../support/fixtures.ts'
import { inFolder, runNginx } from '../support/nginx.ts'
import { ADA } from '../support/people.ts'
import { sparePort } from '../support/ports.ts'
import { Program } from '../support/program.ts'
import { missingPrograms, onPath, replaced, sample, withFolder } from '../support/samples.ts'
import { Server } from '../support/server.ts'

const DOCUMENT_PORTS = { api: '127.0.0.1:3000', app: '127.0.0.1:8000' }
const VERIFY = { path: '/api/auth/verify' }

/** Script with the browser's key, which is part of the page. */
const KEY_SCRIPT = resolve(import.meta.dirname, '../../frontend/public/key.js')

const PROXIES = { caddy, nginx } as const
type Name = keyof typeof PROXIES

interface Behind {
  folder: string
  port: number
  api: number
  app: number
}

const test = base.extend<{ app: UpstreamApp; token: string; gate: Name; site: string }>({
  gate: ['caddy', { option: true }],

  app: async ({}, use) => {
    const app = await UpstreamApp.start()
    await use(app)
    await app.end()
  },

  token: async ({ origin }, use) => {
    const body = JSON.stringify({ email: ADA.email, password: ADA.password, display_name: ADA.name })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${origin.url}/api/auth/signup`, { method: 'POST', headers, body })
    await use(((await answer.json()) as { access_token: string }).access_token)
  },

  site: async ({ gate, app, origin }, use) => {
    await withFolder(async (folder) => {
      const port = await sparePort()
      const program = await PROXIES[gate]({ folder, port, api: origin.port, app: app.port })
      await use(`http://localhost:${port}`)
      await program.stop()
    })
  },
})

/** Replaces the sample's addresses by those of this test. */
function addressed(text: string, { api, app }: Behind): string {
  return replaced(text, { [DOCUMENT_PORTS.api]: `127.0.0.1:${api}`, [DOCUMENT_PORTS.app]: `127.0.0.1:${app}` })
}

async function caddy(behind: Behind): Promise<Program> {
  const { folder, port } = behind
  const ready = await sparePort()
  const text = addressed(sample('docs/integrating.md', 'app.caddyfile'), behind)
  const site = replaced(text, { 'app.example.org': `http://localhost:${port}` })
  const options = '{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n'
  const config = join(folder, 'Caddyfile')
  await writeFile(config, `${options}${site}\nhttp://localhost:${ready} {\n\trespond 200\n}\n`)
  return await Program.start({
    name: 'Caddy',
    path: 'caddy',
    args: ['run', '--config', config, '--adapter', 'caddyfile'],
    cwd: folder,
    env: { HOME: folder },
    readyUrl: `http://localhost:${ready}`,
  })
}

/** Number of requests from one address that nginx passes at once in this test. */
const AT_ONCE = 20

async function nginx(behind: Behind): Promise<Program> {
  const { folder, port } = behind
  const { main, http } = inFolder(folder)
  const text = `
    ${main}
    events {}
    http {
      ${http}
      ${replaced(sample('docs/security.md', 'connections.nginx'), { 'per_address 200': `per_address ${AT_ONCE}` })}
      server {
        listen 127.0.0.1:${port};
        location = /ready { return 200; }
        ${addressed(sample('docs/integrating.md', 'app.nginx'), behind)}
      }
    }`
  return await runNginx(folder, text, `http://127.0.0.1:${port}/ready`)
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

for (const proxy of Object.keys(PROXIES) as Name[]) {
  const needs = missingPrograms({ [proxy]: onPath(proxy) })
  test.describe(`the sample for ${proxy}`, () => {
    test.use({ gate: proxy })
    test.skip(needs.length > 0, `it needs ${needs.join(' and ')}`)

    test('lets those calls through that bring a good token, and no others', async ({ site, app, token, origin }) => {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
        const body = method === 'GET' ? null : 'what the caller has sent'
        const answer = await fetch(`${site}/notes`, { method, headers: bearer(token), body })
        expect([answer.status, await answer.text()], method).toEqual([200, "the app's own answer"])
        expect(app.calls.at(-1)).toEqual({ method, path: '/notes', authorization: `Bearer ${token}`, body: body ?? '' })
      }
      const reached = app.calls.length
      const refused = [{}, bearer('nonsense'), bearer(`${token.slice(0, -4)}AAAA`), { authorization: 'Basic YTpi' }, { cookie: `a=${token}` }]
      for (const headers of refused) {
        for (const method of ['GET', 'POST', 'HEAD']) {
          const answer = await fetch(`${site}/notes`, { method, headers })
          expect(answer.status, JSON.stringify(headers)).toBe(401)
          expect(answer.headers.get('www-authenticate')).toContain('Bearer')
        }
      }
      await fetch(`${origin.url}/api/auth/logout`, { method: 'POST', headers: { ...bearer(token), 'content-type': 'application/json' }, body: '{}' })
      const ended = await fetch(`${site}/notes`, { headers: bearer(token) })
      expect(ended.status).toBe(401)
      expect(ended.headers.get('www-authenticate')).toContain('invalid_token')
      expect(app.calls.length).toBe(reached)
    })

    test('leaves the question of another origin to the app', async ({ site, app }) => {
      const asks = { origin: 'https://page.example.org', 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' }
      for (const headers of [asks, {}]) {
        const answer = await fetch(`${site}/notes/1`, { method: 'OPTIONS', headers })
        expect([answer.status, answer.headers.get('x-app')]).toEqual([204, 'yes'])
      }
      expect(app.calls.map(({ method, path }) => `${method} ${path}`)).toEqual(['OPTIONS /notes/1', 'OPTIONS /notes/1'])
    })

    test("passes the app's own answers on as they are", async ({ site, token }) => {
      for (const status of [201, 400, 403, 404, 429, 500, 502, 503]) {
        const answer = await fetch(`${site}/${status}`, { headers: bearer(token) })
        expect([answer.status, await answer.text()]).toEqual([status, "the app's own answer"])
      }
    })

    test('tells a client to come back when nobody can check its token', async ({ site, app, token, origin }) => {
      for (const [status, expected] of [
        [429, 429],
        [500, proxy === 'nginx' ? 503 : 500],
        [503, 503],
      ] as const) {
        const outage = origin.faults.on(VERIFY, { kind: 'answer', status, body: '{}', headers: { 'retry-after': '2' } })
        const answer = await fetch(`${site}/notes`, { method: 'POST', headers: bearer(token), body: 'x' })
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([expected, '2'])
        outage.lift()
      }
      const cut = origin.faults.on(VERIFY, { kind: 'cut' })
      const answer = await fetch(`${site}/notes`, { headers: bearer(token) })
      expect(answer.status).toBe(proxy === 'nginx' ? 503 : 502)
      cut.lift()
      expect(app.calls).toEqual([])
      expect((await fetch(`${site}/notes`, { headers: bearer(token) })).status).toBe(200)
    })
  })
}

test.describe('the sample for nginx', () => {
  test.use({ gate: 'nginx' })
  test.skip(missingPrograms({ nginx: onPath('nginx') }).length > 0, 'it needs nginx')

  test('waits seconds for a check that is not answered, and says so in JSON', async ({ site, app, token, origin }) => {
    origin.faults.on(VERIFY, { kind: 'delay', milliseconds: 60_000 })
    const answer = await fetch(`${site}/notes`, { headers: bearer(token) })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'application/problem+json'])
    expect(await answer.json()).toMatchObject({ status: 503, code: 'overloaded' })
    expect(app.calls).toEqual([])
  })

  test('lets one address take so many places and no more', async ({ site, app, token, origin }) => {
    origin.faults.on(VERIFY, { kind: 'delay', milliseconds: 2_000 })
    const calls = Array.from({ length: AT_ONCE + 10 }, () => fetch(`${site}/notes`, { headers: bearer(token) }))
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 503)).toHaveLength(10)
    expect(app.calls).toHaveLength(AT_ONCE)
  })
})

/** Test base with the sample's page on the same origin as Latchkey's own page. */
const onOneOrigin = base.extend<{ app: UpstreamApp }>({
  app: async ({}, use) => {
    const app = await UpstreamApp.start()
    await use(app)
    await app.end()
  },

  baseURL: async ({ app }, use) => {
    await withFolder(async (folder) => {
      const url = `http://localhost:${await sparePort()}`
      const server = await Server.start(url, {})
      await mkdir(join(folder, 'srv/notes'), { recursive: true })
      await copyFile(KEY_SCRIPT, join(folder, 'key.js'))
      for (const [file, text] of [
        ['index.html', sample('docs/integrating.md', 'index.html')],
        ['notes.js', sample('docs/integrating.md', 'notes.js')],
      ] as const) {
        await writeFile(join(folder, 'srv/notes', file), text)
      }
      const within = replaced(sample('docs/integrating.md', 'notes.caddyfile'), {
        [DOCUMENT_PORTS.app]: `127.0.0.1:${app.port}`,
        'root * /srv': `root * ${folder}/srv`,
      })
      const caddy = await startCaddy(folder, { url, page: folder, apiPort: server.port, within })
      await use(url)
      await caddy.stop()
      await server.end()
    })
  },

  // The browser logs refused requests here, which is expected.
  consoleErrors: async ({ consoleErrors }, use) => {
    consoleErrors.expect(/status of (401|500|503)/, /favicon/)
    await use(consoleErrors)
  },
})

onOneOrigin.describe('the page of the sample', () => {
  onOneOrigin.skip(missingPrograms({ caddy: onPath('caddy') }).length > 0, 'it needs Caddy')

  onOneOrigin('opens for everybody, and shows what is behind the check to whoever is signed in', async ({ page, context, app }) => {
    const shown = page.getByRole('status')
    await page.goto('/notes/')
    await expect(shown).toHaveText('Sign in, then come back.')
    expect(app.calls).toEqual([])
    expect(await signUpWithKey(page)).toBe(201)
    await page.reload()
    await expect(shown).toHaveText("the app's own answer")
    expect(app.calls.map(({ path }) => path)).toEqual(['/notes/api/all'])
    for (const [path, status] of [
      ['**/api/auth/refresh', 500],
      ['**/notes/api/all', 503],
    ] as const) {
      await page.route(path, (route) => route.fulfill({ status, body: 'out of order' }))
      await page.reload()
      await expect(shown).toHaveText(`Try again in a moment (HTTP ${status}).`)
      await page.unroute(path)
    }
    // A server that rejects the proof's time returns a nonce, and the page retries with it (RFC 9449 §8).
    const headers = { 'DPoP-Nonce': 'of the server', 'content-type': 'application/problem+json' }
    await page.route('**/api/auth/refresh', (route) => route.fulfill({ status: 401, headers, body: '{}' }), { times: 1 })
    const again = page.waitForRequest((request) => nonceOf(request.headers()['dpop']) !== undefined)
    await page.reload()
    expect(nonceOf((await again).headers()['dpop'])).toBe('of the server')
    // A token that has expired meanwhile is replaced, once.
    await page.route('**/notes/api/all', (route) => route.fulfill({ status: 401 }), { times: 1 })
    await page.reload()
    await expect(shown).toHaveText("the app's own answer")
    expect((await context.request.post('/api/auth/logout', { data: {} })).status()).toBe(204)
    await page.reload()
    await expect(shown).toHaveText('Sign in, then come back.')
  })
})

/** Signs up as Latchkey's own page does, with a DPoP proof of the browser's key; returns the status. */
async function signUpWithKey(page: Page): Promise<number> {
  const body = JSON.stringify({ email: ADA.email, password: ADA.password, display_name: ADA.name })
  return await page.evaluate(async (body) => {
    const prove = (globalThis as unknown as { latchkeyProve: (...told: unknown[]) => Promise<string> }).latchkeyProve
    const headers = { 'content-type': 'application/json', DPoP: await prove('POST', '/api/auth/signup', Math.floor(Date.now() / 1000)) }
    return (await fetch('/api/auth/signup', { method: 'POST', headers, body })).status
  }, body)
}

function nonceOf(proof: string | undefined): string | undefined {
  const claims = JSON.parse(Buffer.from(proof?.split('.')[1] ?? 'e30', 'base64url').toString()) as { nonce?: string }
  return claims.nonce
}
