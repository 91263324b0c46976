import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, type Browser, type BrowserContext } from '@playwright/test'
import { startCaddy } from '../../support/caddy.ts'
import { IMMUTABLE, PAGE_HEADERS } from '../../support/headers.ts'
import { PAGE } from '../../support/origin.ts'
import { ADA } from '../../support/people.ts'
import { sparePort } from '../../support/ports.ts'
import { Program } from '../../support/program.ts'
import { Server } from '../../support/server.ts'

const BASELINE = process.env.LATCHKEY_SSR_BASELINE ?? resolve(import.meta.dirname, '../../../target/release/latchkey-ssr-baseline')

/** Sites that are compared. */
export const SITES = ['page', 'baseline'] as const
export type Name = (typeof SITES)[number]

/** Browser state of a site: cookies and storage. */
export type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>

/** Page and server-rendered baseline behind Caddy, with the same account, sessions, styles and headers. */
export interface Sites {
  urls: Record<Name, string>
  /** Storage states of a signed-in browser. */
    storageStates: Record<Name, StorageState>
  end: () => Promise<void>
}

export async function startSites(browser: Browser): Promise<Sites> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'))
  const page = `http://localhost:${await sparePort()}`
  const baseline = `http://localhost:${await sparePort()}`
  // Every visit starts from the same storage state, so its access token has to last for all of them.
  const server = await Server.start(page, { LATCHKEY_TOKENS__ACCESS_LIFETIME: '1h' })
  await seedAccount(`http://127.0.0.1:${server.port}`)
  const baselinePort = await sparePort()
  const sites = { url: page, page: PAGE, apiPort: server.port, more: baselineSite(baseline, baselinePort) }
  const caddy = await startCaddy(folder, sites)
  const pageStorageState = await signIn(browser, page)
  const data = join(folder, 'data.json')
  await writeFile(data, JSON.stringify(await dataOf(page, pageStorageState)))
  const baselineProgram = await Program.start({
    name: 'the server-rendered baseline',
    path: BASELINE,
    args: [String(baselinePort), PAGE, data],
    cwd: folder,
    env: {},
    readyUrl: `http://127.0.0.1:${baselinePort}/health`,
  })
  return {
    urls: { page, baseline },
    storageStates: { page: pageStorageState, baseline: await signIn(browser, baseline) },
    end: async () => {
      await caddy.stop()
      await baselineProgram.stop()
      await server.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Signs in through the form; returns the browser's storage state. */
async function signIn(browser: Browser, url: string): Promise<StorageState> {
  const context = await browser.newContext({ locale: 'en-US' })
  const page = await context.newPage()
  await page.goto(`${url}/login`)
  await page.locator('input[name=email]').fill(ADA.email)
  await page.locator('input[name=password]').fill(ADA.password)
  await page.locator('input[name=password]').press('Enter')
  await expect(page.locator('nav a[href="/account/sessions"]')).toBeVisible()
  const storageState = await context.storageState()
  await context.close()
  return storageState
}

/** Returns the API's responses to the signed-in page. */
async function dataOf(url: string, storageState: StorageState): Promise<object> {
  const record = storageState.origins.flatMap(({ localStorage }) => localStorage).find(({ name }) => name === 'latchkey.session')
  const { access_token: token } = JSON.parse(record?.value ?? '{}') as { access_token?: string }
  return { account: await ask(url, 'GET', '/api/me', token), sessions: await ask(url, 'GET', '/api/me/sessions', token) }
}

/** Creates an account with some sessions, live and ended ones. */
async function seedAccount(api: string): Promise<void> {
  const { email, password, name } = ADA
  const begin = async () =>
    String((await ask(api, 'POST', '/api/auth/login', undefined, { email, password, token_delivery: 'body' })).access_token)
  await ask(api, 'POST', '/api/auth/signup', undefined, { email, password, display_name: name })
  for (let ended = 0; ended < 4; ended += 1) await ask(api, 'POST', '/api/auth/logout', await begin(), {})
  await begin()
}

async function ask(api: string, method: string, path: string, token?: string, body?: object): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(api + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer.status === 204 ? {} : ((await answer.json()) as Record<string, unknown>)
}

/** Returns the baseline's Caddyfile block: its pages, and the page's precompressed styles, with the same headers. */
function baselineSite(url: string, port: number): string {
  const headers = Object.entries(PAGE_HEADERS).map(([name, value]) => `\t\t${name} "${value}"`)
  return `
${url} {
	header -Server
	header {
${headers.join('\n')}
	}
	@drawn path /login /account/*
	handle @drawn {
		reverse_proxy 127.0.0.1:${port}
	}
	handle {
		root * ${PAGE}
		header Cache-Control "${IMMUTABLE}"
		file_server {
			precompressed br gzip
		}
	}
}
`
}
