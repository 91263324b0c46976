import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test as base } from '../support/fixtures.ts'
import type { Fault } from '../support/faults.ts'
import type { Origin } from '../support/origin.ts'
import { ADA } from '../support/people.ts'
import { EXAMPLE, missingPrograms, onPath, replaced, runScript, sample, stub, withFolder, type ScriptResult } from '../support/samples.ts'

const REFRESH = { method: 'POST', path: '/api/auth/refresh' }

interface Tokens {
  access_token: string
  refresh_token: string
}

const test = base.extend<{ folder: string; signedIn: Tokens }>({
  folder: async ({}, use) => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, 'session.sh'), sample('docs/integrating.md', 'session.sh'))
      await mkdir(join(folder, 'bin'))
      // The folder is readable by all users, so that only the script can protect its files.
      await chmod(folder, 0o755)
      await use(folder)
    })
  },

  signedIn: async ({ origin, folder }, use) => {
    await signUp(origin)
    const ran = await session(folder, origin, ['sign-in', ADA.email], `${ADA.password}\n`)
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' })
    await use(await kept(folder))
  },
})

async function signUp(origin: Origin): Promise<void> {
  const body = JSON.stringify({ email: ADA.email, password: ADA.password, display_name: ADA.name })
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(`${origin.url}/api/auth/signup`, { method: 'POST', headers, body })).status).toBe(201)
}

function session(folder: string, origin: Origin, words: string[], input = '', env = {}): Promise<ScriptResult> {
  return runScript({ folder, text: 'exec sh session.sh "$@"', words: [origin.url, ...words], input, env })
}

async function kept(folder: string): Promise<Tokens> {
  return JSON.parse(await readFile(join(folder, 'signed-in.json'), 'utf8')) as Tokens
}

async function verified(origin: Origin, token: string): Promise<number> {
  const answer = await fetch(`${origin.url}/api/auth/verify`, { headers: { authorization: `Bearer ${token}` } })
  await answer.body?.cancel()
  return answer.status
}

// These tests start many programs, one after the other.
test.slow()
const needs = missingPrograms({ 'curl, jq and flock': ['curl', 'jq', 'flock'].every(onPath) })
test.skip(needs.length > 0, `it needs ${needs.join()}`)

test('the samples for the command line carry a session from sign-in to sign-out', async ({ origin, folder }) => {
  await signUp(origin)
  const lines = replaced(sample('docs/integrating.md', 'client.sh'), { [EXAMPLE]: origin.url })
  const text = `set -e\n${lines}\ntest ! -e signed-in.json\necho "$TOKEN"`
  const ran = await runScript({ folder, text, env: { PASSWORD: ADA.password } })
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect(await verified(origin, ran.stdout.trim())).toBe(401)
  expect(origin.exchanges.map(({ path, status }) => [path, status])).toContainEqual(['/api/auth/logout', 204])
})

test('the samples that ask show who is signed in, and why somebody is not', async ({ origin, folder, signedIn }) => {
  const ask = (name: string, token: string): Promise<ScriptResult> => {
    const text = { 'verify.sh': sample('docs/integrating.md', 'verify.sh'), 'me.sh': sample('docs/integrating.md', 'me.sh') }[name] ?? ''
    return runScript({ folder, text: replaced(text, { [EXAMPLE]: origin.url }), env: { TOKEN: token } })
  }
  await stub(folder, 'curl', '#!/bin/sh\nprintf "%s\\n" "$*" >> arguments.log\nPATH=${PATH#*:} exec curl "$@"\n')
  const good = await ask('verify.sh', signedIn.access_token)
  expect(good.stdout).toMatch(/^HTTP\/1.1 200 OK\r\n/)
  expect(good.stdout).toContain('"sub":"')
  const bad = await ask('verify.sh', 'nonsense')
  expect(bad.stdout).toMatch(/^HTTP\/1.1 401 /)
  expect(bad.stdout).toContain('"code":"token_invalid"')
  const me = await ask('me.sh', signedIn.access_token)
  expect(JSON.parse(me.stdout)).toMatchObject({ email: ADA.email, display_name: ADA.name })
  expect(await readFile(join(folder, 'arguments.log'), 'utf8')).not.toContain(signedIn.access_token)
})

test('the sample for the command line keeps its tokens for its owner alone', async ({ origin, folder, signedIn }) => {
  const modes = async (): Promise<[string, number][]> => {
    const names = (await readdir(folder)).filter((name) => name.startsWith('signed-in'))
    return await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).mode & 0o777] as [string, number]))
  }
  const private_ = [
    ['signed-in.json', 0o600],
    ['signed-in.lock', 0o600],
  ]
  expect((await modes()).sort()).toEqual(private_)
  expect(await session(folder, origin, ['refresh'])).toEqual({ code: 0, stdout: '', stderr: '' })
  expect((await modes()).sort()).toEqual(private_)
  const next = await kept(folder)
  expect(next.refresh_token).not.toBe(signedIn.refresh_token)
  expect(await verified(origin, next.access_token)).toBe(200)
})

test('no failure of the server or of the network costs the sample its only refresh token', async ({ origin, folder, signedIn }) => {
  const whole = JSON.stringify({ access_token: 'a', refresh_token: 'r' })
  const faults: Fault[] = [
    ...[400, 403, 404, 408, 422, 429, 500, 502, 503, 504].map((status) => ({ kind: 'answer', status, body: whole }) as const),
    { kind: 'answer', status: 500, body: '{"code":"internal"}' },
    { kind: 'answer', status: 200, body: '' },
    { kind: 'answer', status: 200, body: '<html>Welcome to our wireless network</html>' },
    { kind: 'answer', status: 200, body: '{}' },
    { kind: 'answer', status: 200, body: '[]' },
    { kind: 'answer', status: 200, body: 'null' },
    { kind: 'answer', status: 200, body: '{"access_token":"a","refresh_token":null}' },
    { kind: 'answer', status: 200, body: '{"access_token":"a"}' },
    { kind: 'answer', status: 200, body: whole.slice(0, -3) },
    { kind: 'answer', status: 204 },
    { kind: 'answer', status: 302, headers: { location: '/login' } },
    { kind: 'cut' },
    { kind: 'lose the answer' },
    { kind: 'truncate the answer' },
    { kind: 'replace the answer', status: 502, body: 'Bad gateway' },
  ]
  for (const fault of faults) {
    const rule = origin.faults.on(REFRESH, fault)
    const { code } = await session(folder, origin, ['refresh'])
    expect([code, rule.hits], JSON.stringify(fault)).toEqual([1, 1])
    expect(await kept(folder), JSON.stringify(fault)).toEqual(signedIn)
    rule.lift()
  }
  expect(await readdir(folder)).toEqual(['bin', 'session.sh', 'signed-in.json', 'signed-in.lock'])
  expect((await session(folder, origin, ['refresh'])).code).toBe(0)
  expect(await verified(origin, (await kept(folder)).access_token)).toBe(200)
})

test('an answer that never comes, a full disk and a killed script leave the sample its refresh token', async ({ origin, folder, signedIn }) => {
  // The timeout is shorter than the sample's.
  const impatient = replaced(sample('docs/integrating.md', 'session.sh'), { '--max-time 30': '--max-time 1' })
  const hang = origin.faults.on(REFRESH, { kind: 'delay', milliseconds: 60_000 })
  expect((await runScript({ folder, text: impatient, words: [origin.url, 'refresh'] })).code).toBe(1)
  expect(await kept(folder)).toEqual(signedIn)
  for (const [shell, signal] of [['sh', 'SIGTERM'], ['sh', 'SIGHUP'], ['bash', 'SIGTERM'], ['bash', 'SIGHUP']] as const) {
    const asked = hang.hits
    const meanwhile = async (send: (signal: NodeJS.Signals) => void): Promise<void> => {
      await expect.poll(() => hang.hits).toBe(asked + 1)
      send(signal)
    }
    const ran = await runScript({ folder, text: impatient, words: [origin.url, 'refresh'], shell, meanwhile })
    expect(ran.code, `${shell} ${signal}`).toBe(1)
    expect(await readdir(folder), `${shell} ${signal}`).toEqual(['bin', 'session.sh', 'signed-in.json', 'signed-in.lock'])
  }
  hang.lift()
  expect(await kept(folder)).toEqual(signedIn)
  await stub(folder, 'sync', '#!/bin/sh\nexit 1\n')
  expect((await session(folder, origin, ['refresh'])).code).toBe(1)
  expect(await kept(folder)).toEqual(signedIn)
  await stub(folder, 'sync', '#!/bin/sh\nkill -9 $PPID\n')
  expect((await session(folder, origin, ['refresh'])).code).not.toBe(0)
  expect(await kept(folder)).toEqual(signedIn)
  await stub(folder, 'sync', '#!/bin/sh\necho "$*": $(ls signed-in.?*) >> synced\n')
  expect((await session(folder, origin, ['refresh'])).code).toBe(0)
  // The sample syncs the new file while the old one is still there, and the folder once the new one has replaced it.
  const [first = '', second] = (await readFile(join(folder, 'synced'), 'utf8')).trimEnd().split('\n')
  const [written = '', there = ''] = first.split(': ')
  expect(written).toMatch(/^signed-in\.\w{6}$/)
  expect(new Set(there.split(' '))).toEqual(new Set([written, 'signed-in.json', 'signed-in.lock']))
  expect(second).toBe('.: signed-in.json signed-in.lock')
  expect(await verified(origin, (await kept(folder)).access_token)).toBe(200)
})

test('the sample tells an ended session from every other failure', async ({ origin, folder, signedIn }) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${signedIn.access_token}` }
  await fetch(`${origin.url}/api/auth/logout`, { method: 'POST', headers, body: '{}' })
  const ran = await session(folder, origin, ['refresh'])
  expect(ran.code).toBe(2)
  expect(ran.stderr).toContain('session_ended')
  expect((await session(folder, origin, ['sign-in', ADA.email], 'a wrong password\n')).code).toBe(2)
  expect(await kept(folder)).toEqual(signedIn)
  // A sign-out that has not reached the server is not final: the tokens are kept, so that it can be repeated.
  const unheard: Fault[] = [
    { kind: 'cut' },
    { kind: 'answer', status: 308, headers: { location: 'https://localhost/api/auth/logout' } },
    { kind: 'answer', status: 302, headers: { location: '/login' } },
    { kind: 'answer', status: 200, body: '<html>Welcome to our wireless network</html>' },
    { kind: 'answer', status: 503 },
  ]
  for (const fault of unheard) {
    const rule = origin.faults.on({ path: '/api/auth/logout' }, fault)
    const { code } = await session(folder, origin, ['sign-out'])
    expect([code, rule.hits], JSON.stringify(fault)).toEqual([1, 1])
    expect(await kept(folder), JSON.stringify(fault)).toEqual(signedIn)
    rule.lift()
  }
  expect((await session(folder, origin, ['sign-out'])).code).toBe(0)
  expect(await readdir(folder)).toEqual(['bin', 'session.sh', 'signed-in.lock'])
})

test('a file of the sample that is lost or damaged asks for a sign-in, which mends it', async ({ origin, folder, signedIn }) => {
  const damaged = [undefined, '', JSON.stringify(signedIn).slice(0, 40), '[]', 'null', '{"refresh_token":null}', '\0\0\0\0']
  for (const content of damaged) {
    await rm(join(folder, 'signed-in.json'), { force: true })
    if (content !== undefined) await writeFile(join(folder, 'signed-in.json'), content)
    for (const what of ['refresh', 'sign-out']) {
      const asked = origin.exchanges.length
      expect((await session(folder, origin, [what])).code, `${what}: ${content}`).toBe(2)
      expect(origin.exchanges, `${what}: ${content}`).toHaveLength(asked)
    }
  }
  expect((await session(folder, origin, ['sign-in', ADA.email], `${ADA.password}\n`)).code).toBe(0)
  expect((await session(folder, origin, ['refresh'])).code).toBe(0)
})

test('calls of the sample that come together refresh one after the other', async ({ origin, folder, signedIn }) => {
  const ran = await Promise.all(Array.from({ length: 6 }, () => session(folder, origin, ['refresh'])))
  expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  const last = await kept(folder)
  expect(last.refresh_token).not.toBe(signedIn.refresh_token)
  expect(await verified(origin, last.access_token)).toBe(200)
})
