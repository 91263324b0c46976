import { createHmac, generateKeyPairSync, sign as signWith, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test as base } from '../support/fixtures.ts'
import type { Origin } from '../support/origin.ts'
import { ADA } from '../support/people.ts'
import { LineProgram, EXAMPLE, missingPrograms, onPath, replaced, sample, withFolder } from '../support/samples.ts'

const KEY_SET = { path: '/.well-known/jwks.json' }

const { privateKey: OURS, publicKey: PUBLISHED } = generateKeyPairSync('ed25519')
const { privateKey: THEIRS, publicKey: THEIR_PUBLIC } = generateKeyPairSync('ed25519')

const LANGUAGES = {
  Python: { file: 'check.py', code: () => sample('docs/checking-tokens.md', 'check.py') },
  Node: { file: 'check.mjs', code: () => sample('docs/checking-tokens.md', 'check.mjs') },
  Go: { file: 'check.go', code: () => sample('docs/checking-tokens.md', 'check.go') },
  Java: { file: 'Check.java', code: () => sample('docs/checking-tokens.md', 'Check.java') },
}
type Language = keyof typeof LANGUAGES

/** Returns the document's command for the program of a language, without the command that is piped into it. */
function call(language: Language, origin: string): string {
  const lines = sample('docs/checking-tokens.md', 'check.sh').trim().split('\n')
  const line = lines.find((line) => line.includes(LANGUAGES[language].file))
  const [, command = ''] = replaced(line ?? '', { [EXAMPLE]: origin }).split(' | ')
  return command
}

const test = base.extend<{
  /** Key id (`kid`) of the server's signing key. */
  kid: string
  /** Ada's access token and refresh token, as issued by the server. */
  ada: { access_token: string; refresh_token: string; account: { id: string } }
  /** Starts a program that checks tokens; `words` are its arguments after the origin. */
  judge: (language: Language, words?: string) => Promise<LineProgram>
}>({
  settings: { LATCHKEY_TOKENS__SIGNING_KEY: OURS.export({ type: 'pkcs8', format: 'pem' }).toString() },

  kid: async ({ latchkey }, use) => {
    const set = (await (await fetch(`http://127.0.0.1:${latchkey.server.port}${KEY_SET.path}`)).json()) as KeySet
    await use(set.keys[0]?.['kid'] as string)
  },

  ada: async ({ origin }, use) => {
    const person = { email: ADA.email, password: ADA.password }
    expect((await post(origin, '/api/auth/signup', { ...person, display_name: ADA.name })).status).toBe(201)
    const answer = await post(origin, '/api/auth/login', { ...person, token_delivery: 'body' })
    await use(await answer.json())
  },

  judge: async ({ origin }, use) => {
    const started: LineProgram[] = []
    await withFolder(async (folder) => {
      await symlink(resolve(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'))
      await use(async (language, words = '') => {
        await writeFile(join(folder, LANGUAGES[language].file), LANGUAGES[language].code())
        const program = new LineProgram(`${call(language, origin.url)} ${words}`, folder)
        started.push(program)
        return program
      })
      await Promise.all(started.map((program) => program.end()))
    })
  },
})

interface KeySet {
  keys: Record<string, unknown>[]
}

function post(origin: Origin, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${origin.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

function part(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return Buffer.from(text).toString('base64url')
}

type Signer = (message: Buffer) => Buffer

const by = (key: KeyObject): Signer => (message) => signWith(null, message, key)

/** Returns a token with these parts, signed by any signer. */
function token(header: unknown, claims: unknown, signer: Signer = by(OURS)): string {
  const message = `${part(header)}.${part(claims)}`
  return `${message}.${signer(Buffer.from(message)).toString('base64url')}`
}

/** Returns the header and claims of a valid token for the server at this origin. */
function parts(origin: string, kid: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const now = Math.floor(Date.now() / 1000)
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  const claims = { iss: origin, aud: origin, sub: id, sid: id, gen: 0, roles: ['user'], auth_time: now, jti: id }
  return { header: { typ: 'at+jwt', alg: 'EdDSA', kid }, claims: { ...claims, iat: now, exp: now + 600 } }
}

function without(object: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
}

/** Returns tokens that every checker must accept, by their descriptions. */
function goodOnes(origin: string, kid: string): Record<string, string> {
  const { header, claims } = parts(origin, kid)
  const at = (seconds: number): object => ({ iat: Number(claims['iat']) + seconds, exp: Number(claims['exp']) + seconds })
  return {
    'plain': token(header, claims),
    'of a clock two seconds ahead': token(header, { ...claims, ...at(2) }),
    'of a clock two seconds behind': token(header, { ...claims, ...at(-2) }),
    'with a claim of tomorrow': token(header, { ...claims, client_id: 'page', amr: ['pwd'] }),
  }
}

/** Returns tokens that every checker must refuse, by their descriptions. */
function badOnes(origin: string, kid: string): Record<string, string> {
  const { header, claims } = parts(origin, kid)
  const now = Number(claims['iat'])
  const good = token(header, claims)
  const [head = '', body = '', signature = ''] = good.split('.')
  const x = PUBLISHED.export({ format: 'jwk' }).x ?? ''
  const mac = (secret: Buffer): Signer => (message) => createHmac('sha256', secret).update(message).digest()
  const hs256 = { ...header, alg: 'HS256' }
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const brought = THEIR_PUBLIC.export({ format: 'jwk' })
  const claimless = ['iss', 'aud', 'sub', 'sid', 'exp'].map((name) => [`without ${name}`, token(header, without(claims, name))])
  const headless = ['typ', 'alg', 'kid'].map((name) => [`without ${name} in its header`, token(without(header, name), claims)])
  const types = ['JWT', 'rt+jwt', 'id+jwt', '', 7, null, ['at+jwt']].map((typ) => [
    `of type ${JSON.stringify(typ)}`,
    token({ ...header, typ }, claims),
  ])
  const names = ['unknown', '', 7, null, [kid], `../${kid}`, '__proto__'].map((name) => [
    `naming the key ${JSON.stringify(name)}`,
    token({ ...header, kid: name }, claims),
  ])
  const algorithms = ['none', 'None', 'ES256', 'RS256', 'HS256', 'eddsa', 7, null].map((alg) => [
    `naming the algorithm ${JSON.stringify(alg)}`,
    token({ ...header, alg }, claims),
  ])
  const noise = ['', '.', '..', '...', 'a.b.c', 'null', `${head}.${body}`, `${good}.x`, `é.ü.ß`, 'x'.repeat(9000)]
  return {
    ...Object.fromEntries([...claimless, ...headless, ...types, ...names, ...algorithms]),
    ...Object.fromEntries(noise.map((text) => [`that is ${JSON.stringify(text.slice(0, 20))}`, text])),
    'that has expired': token(header, { ...claims, iat: now - 4200, exp: now - 3600 }),
    'that expired a minute ago': token(header, { ...claims, iat: now - 660, exp: now - 60 }),
    'of another issuer': token(header, { ...claims, iss: 'https://id.example.com' }),
    'of an issuer with a slash': token(header, { ...claims, iss: `${origin}/` }),
    'for another audience': token(header, { ...claims, aud: 'https://app.example.org' }),
    'of another key under our name': token(header, claims, by(THEIRS)),
    'that brings its key along': token({ ...header, jwk: brought }, claims, by(THEIRS)),
    'that says where its key is': token({ ...header, jku: 'http://127.0.0.1:9/jwks.json' }, claims, by(THEIRS)),
    'without a signature': token({ ...header, alg: 'none' }, claims, () => Buffer.alloc(0)),
    'whose signature is cut off': `${head}.${body}.`,
    'whose signature is cut': `${head}.${body}.${signature.slice(0, -8)}`,
    'with a MAC by the public key': token(hs256, claims, mac(Buffer.from(x, 'base64url'))),
    'with a MAC by the text of the public key': token(hs256, claims, mac(Buffer.from(x))),
    'with a MAC by the PEM of the public key': token(hs256, claims, mac(Buffer.from(PUBLISHED.export({ type: 'spki', format: 'pem' })))),
    'of another kind of key': token({ ...header, alg: 'ES256' }, claims, (message) => signWith('sha256', message, ec)),
    'whose claims were changed': `${head}.${part({ ...claims, sub: 'eve' })}.${signature}`,
    'whose header was changed': `${part({ ...header, cty: 'x' })}.${body}.${signature}`,
    'with what is critical': token({ ...header, crit: ['x'], x: 1 }, claims),
    'whose header is no object': token('[]', claims),
    'whose header is deeply nested': token('['.repeat(3000), claims),
    'whose claims are no object': token(header, '[]'),
    'whose claims are text': token(header, 'text'),
  }
}

// These tests start many programs, one after the other.
test.slow()

for (const language of Object.keys(LANGUAGES) as Language[]) {
  const needs = missingPrograms({
    'PyJWT (Python 3.11 with venv)': language !== 'Python' || process.env.LATCHKEY_SAMPLES_PYTHON !== undefined,
    'Go': language !== 'Go' || onPath('go'),
    'Java 17 and Gson': language !== 'Java' || (onPath('javac') && existsSync('/usr/share/java/gson.jar')),
  })

  test.describe(`the sample for ${language}`, () => {
    test.skip(needs.length > 0, `it needs ${needs.join(' and ')}`)

    test('tells good tokens from all others as the server does', async ({ origin, kid, ada, judge }) => {
      const program = await judge(language)
      expect(await program.ask(ada.access_token)).toBe(`good: ${ada.account.id}`)
      expect(await program.ask(ada.refresh_token)).toContain('refused: ')
      for (const [what, good] of Object.entries(goodOnes(origin.url, kid))) {
        expect(await program.ask(good), what).toMatch(/^good: 01890a5d-/)
        expect(await verified(origin, good), what).toBe(200)
      }
      for (const [what, bad] of Object.entries(badOnes(origin.url, kid))) {
        expect(await program.ask(bad), what).toMatch(/^refused: /)
        expect(await verified(origin, bad), what).toBe(401)
      }
      expect(await program.ask(ada.access_token)).toBe(`good: ${ada.account.id}`)
    })

    test('goes on with its copy while the key set cannot be fetched', async ({ origin, ada, judge, kid }) => {
      const { header, claims } = parts(origin.url, kid)
      // With a lifetime of 0, the copy is outdated at once: the program fetches the key set as often as it may.
      const program = await judge(language, '0')
      expect(await program.ask(ada.access_token)).toContain('good: ')
      for (const fault of [
        { kind: 'answer', status: 500, body: '{"keys":[]}' },
        { kind: 'answer', status: 200, body: '<html>Welcome to our wireless network</html>' },
        { kind: 'answer', status: 200, body: '{"keys":[]}' },
        { kind: 'delay', milliseconds: 60_000 },
      ] as const) {
        const outage = origin.faults.on(KEY_SET, fault)
        const what = JSON.stringify(fault)
        await expect
          .poll(async () => {
            expect(await program.ask(ada.access_token), what).toContain('good: ')
            return outage.hits
          })
          .toBeGreaterThan(0)
        expect(await program.ask(ada.access_token), what).toContain('good: ')
        expect(await program.ask(token({ ...header, kid: 'made up' }, claims, by(THEIRS))), what).toContain('refused: ')
        outage.lift()
      }
    })

    test('learns of a new key, and asks little however many names are made up', async ({ origin, kid, ada, judge }) => {
      const { header, claims } = parts(origin.url, kid)
      const program = await judge(language)
      expect(await program.ask(ada.access_token)).toContain('good: ')
      const start = Date.now()
      for (let name = 0; name < 300; name += 1) {
        expect(await program.ask(token({ ...header, kid: `made up ${name}` }, claims, by(THEIRS)))).toContain('refused: ')
      }
      expect(origin.seen(KEY_SET).length).toBeLessThanOrEqual(2 + Math.floor((Date.now() - start) / 5000))
      const { publicKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const { publicKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const { publicKey: x25519 } = generateKeyPairSync('x25519')
      const others = [rsa, ec, x25519].map((key, number) => ({ ...key.export({ format: 'jwk' }), kid: `other ${number}` }))
      const strange = [{ kty: 'AKP', kid: 'of tomorrow' }, ...others]
      const ours = { ...PUBLISHED.export({ format: 'jwk' }), kid }
      const next = { ...THEIR_PUBLIC.export({ format: 'jwk' }), kid: 'next', alg: 'EdDSA', use: 'sig' }
      origin.faults.on(KEY_SET, { kind: 'answer', status: 200, body: JSON.stringify({ keys: [...strange, next, ours] }) })
      const ofNext = token({ ...header, kid: 'next' }, claims, by(THEIRS))
      await expect.poll(() => program.ask(ofNext)).toContain('good: ')
      expect(await program.ask(ada.access_token)).toContain('good: ')
      for (const other of others) {
        expect(await program.ask(token({ ...header, kid: other.kid }, claims, by(THEIRS)))).toContain('refused: ')
      }
    })

    test('says that it cannot tell as long as it never had the key set', async ({ origin, ada, judge }) => {
      const outage = origin.faults.on(KEY_SET, { kind: 'answer', status: 503, body: '{}' })
      const program = await judge(language)
      expect(await program.ask(ada.access_token)).toContain('unavailable: ')
      outage.lift()
      await expect.poll(() => program.ask(ada.access_token)).toContain('good: ')
    })
  })
}

async function verified(origin: Origin, token: string): Promise<number> {
  // Such a token is not valid in a header and never reaches a server.
  if (/[^\x20-\x7e]/.test(token)) return 401
  const answer = await fetch(`${origin.url}/api/auth/verify`, { headers: { authorization: `Bearer ${token}` } })
  await answer.body?.cancel()
  return answer.status
}
