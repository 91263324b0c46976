import { expect, test as base } from '@playwright/test'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join, resolve } from 'node:path'
import { withServerControl, FakeHost } from '../support/fake-host.ts'
import { ADA } from '../support/people.ts'
import { listen, sparePort } from '../support/ports.ts'
import { Postgres, postgresPrograms } from '../support/postgres.ts'
import { Program } from '../support/program.ts'
import { EXAMPLE, missingPrograms, onPath, replaced, sample, stub, withFolder } from '../support/samples.ts'
import { BINARY, Server, type Settings } from '../support/server.ts'

const needs = missingPrograms({
  'curl, sqlite3 and openssl': ['curl', 'sqlite3', 'openssl'].every(onPath),
  'PostgreSQL': postgresPrograms() !== undefined && onPath('pg_dump'),
})
const FUNCTION = (): string => sample('docs/operating.md', 'latchkey.sh')
const PUBLIC_URL = 'http://localhost:8080'

const test = base.extend<{ host: FakeHost; postgres: Postgres; serve: (settings: Settings) => Promise<Server> }>({
  host: async ({}, use) => {
    await withFolder(async (folder) => use(await FakeHost.in(folder)))
  },

  postgres: async ({}, use) => {
    const postgres = await Postgres.start()
    await use(postgres)
    await postgres.end()
  },

  serve: async ({}, use) => {
    const started: Server[] = []
    await use(async (settings) => {
      const server = await Server.start(PUBLIC_URL, settings)
      started.push(server)
      return server
    })
    await Promise.all(started.map((server) => server.end()))
  },
})
// These tests start many programs, one after the other.
test.slow()
test.skip(needs.length > 0, `it needs ${needs.join(' and ')}`)

interface SignedIn {
  access_token: string
  refresh_token: string
}

async function post(server: Server, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return await fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function signUp(server: Server, email = ADA.email): Promise<void> {
  const answer = await post(server, '/api/auth/signup', { email, password: ADA.password, display_name: ADA.name })
  expect(answer.status).toBe(201)
}

async function signIn(server: Server, password = ADA.password, email = ADA.email): Promise<Response> {
  return await post(server, '/api/auth/login', { email, password, token_delivery: 'body' })
}

function claims(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

async function fails(ran: Promise<{ code: number | null; stderr: string }>, why: string | RegExp): Promise<void> {
  const { code, stderr } = await ran
  expect(code).not.toBe(0)
  expect(stderr).toMatch(why)
}

/** Wraps these programs so that their arguments and their password are logged. */
async function noted(host: FakeHost, ...programs: string[]): Promise<void> {
  for (const program of programs) {
    const note = `printf '%s\\n' "$*" "$PGPASSWORD" >> "$ROOT/${program}.log"`
    await stub(host.root, program, `#!/bin/sh\n${note}\nPATH=\${PATH#*:} exec ${program} "$@"\n`)
  }
}

async function mode(host: FakeHost, path: string): Promise<number> {
  return (await stat(host.path(path))).mode & 0o777
}

/** Sets up the machine with a server on SQLite, as `deploy/README.md` describes it. */
async function onSqlite(host: FakeHost, serve: (settings: Settings) => Promise<Server>): Promise<Server> {
  await host.write('/etc/latchkey/environment', `LATCHKEY_PUBLIC_URL=${PUBLIC_URL}\n`)
  return await serve({ LATCHKEY_DATA_DIR: host.path('/var/lib/latchkey') })
}

test('the steps for systemd bring every file to where the unit and Caddy look for it', async ({ host }) => {
  await host.dist()
  await mkdir(host.path('/var/lib/latchkey'))
  const ran = await host.run(`set -e\n${sample('deploy/README.md', 'systemd.sh')}`)
  expect(ran).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await host.invocations('systemctl')).toEqual(['daemon-reload', 'enable --now latchkey', 'daemon-reload', 'restart caddy'])
  const unit = await host.read('/etc/systemd/system/latchkey.service')
  expect(unit).toContain('\nExecStart=/usr/local/bin/latchkey serve\n')
  expect(unit).toContain('\nEnvironmentFile=/etc/latchkey/environment\n')
  expect(await host.read('/usr/local/bin/latchkey')).toContain('NEW_VERSION')
  // The unit's comment on memory gives the amount for each hashing thread and for the rest, in MiB.
  const [, each, rest, threads] = /^# (\d+) MiB for each hashing thread .* (\d+) MiB for all the rest.*: enough for (\d+) threads/ms.exec(unit) ?? []
  expect(Number(rest) + Number(threads) * Number(each)).toBeLessThanOrEqual(1024)
  expect(unit).toContain('\nMemoryMax=1G\n')
  expect((await stat(host.path('/etc/latchkey'))).mode & 0o777).toBe(0o700)
  expect(await host.read('/etc/latchkey/environment')).toBe(`LATCHKEY_PUBLIC_URL=${EXAMPLE}\n`)
  expect(await host.read('/srv/latchkey/page/index.html')).toBe('the new page')
  expect(await host.read('/etc/caddy/Caddyfile')).toContain('{$LATCHKEY_PAGE:/srv/latchkey/page}')
  const extra = await host.read('/etc/systemd/system/caddy.service.d/latchkey.conf')
  expect(extra).toBe('[Service]\nEnvironment=LATCHKEY_SITE=id.example.org\n')
})

test("a command under systemd goes to the server's own database, whatever its URL holds", async ({ host }) => {
  await mkdir(host.path('/var/lib/latchkey'))
  await writeFile(host.path('/var/lib/latchkey/latchkey.db'), 'an old file')
  const command = `${FUNCTION()}\n${sample('docs/operating.md', 'backup.sh')}`
  for (const parameters of ['sslmode=disable&application_name=a', 'application_name=a&sslmode=disable#', 'options=-c%20a=b&sslmode=disable']) {
    await host.write('/etc/latchkey/environment', `# ours\nLATCHKEY_PUBLIC_URL=${EXAMPLE}\nLATCHKEY_DATABASE__URL=postgres://l:p%40ss@127.0.0.1:1/l?${parameters.replace('#', '')}\n`)
    await fails(host.run(command), /pg_dump/)
  }
  expect(await readdir(host.path('/var/backups'))).toEqual([])
  await fails(host.run(`rm -r /etc/latchkey\n${command}`), /environment/)
})

test('a backup is written beside the server, looked through, and restored', async ({ host, serve }) => {
  const server = await onSqlite(host, serve)
  await signUp(server)
  const backup = await host.run(`${FUNCTION()}\n${sample('docs/operating.md', 'backup.sh')}`)
  expect([backup.code, backup.stderr]).toEqual([0, ''])
  const [file = ''] = await readdir(host.path('/var/backups'))
  await signUp(server, 'eve@example.org')
  const lines = replaced(sample('docs/operating.md', 'restore.sh'), { FILE: `/var/backups/${file}` }).trim().split('\n')
  const [verify = '', intoEmpty = '', inPlace = ''] = lines
  const run = (line: string): ReturnType<FakeHost['run']> => host.run(`${FUNCTION()}\n${line}`)
  expect((await run(verify)).stdout).toContain('is whole: 1 accounts')
  await fails(run(inPlace), /in use/)
  await server.goAway()
  await fails(run(intoEmpty), /--force/)
  expect((await run(inPlace)).stdout).toContain('1 accounts')
  await server.comeBack()
  expect((await signIn(server)).status).toBe(200)
  expect((await signIn(server, ADA.password, 'eve@example.org')).status).toBe(401)
  await server.goAway()
  await host.run('rm -r /var/lib/latchkey')
  expect((await run(intoEmpty)).code).toBe(0)
  await server.comeBack()
  expect((await signIn(server)).status).toBe(200)
})

test('the scheduled backup keeps the newest fourteen, and none goes when a new one fails', async ({ host, serve }) => {
  const server = await onSqlite(host, serve)
  await signUp(server)
  const old = Array.from({ length: 20 }, (_, day) => `latchkey-2020-01-${String(day + 1).padStart(2, '0')}-030000.backup`)
  await mkdir(host.path('/var/backups/latchkey'))
  for (const name of old) await writeFile(host.path(`/var/backups/latchkey/${name}`), 'old')
  const script = sample('docs/operating.md', 'latchkey-backup')
  const broken = replaced(script, { '/etc/latchkey/environment': '/etc/latchkey/nothing' })
  await fails(host.run(broken), /nothing/)
  expect((await readdir(host.path('/var/backups/latchkey'))).sort()).toEqual(old)
  const ran = await host.run(script)
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect(ran.stdout).toContain('is whole: 1 accounts')
  const kept = (await readdir(host.path('/var/backups/latchkey'))).sort()
  expect(kept.slice(0, -1)).toEqual(old.slice(-13))
  expect((await stat(host.path(`/var/backups/latchkey/${kept.at(-1)}`))).mode & 0o777).toBe(0o600)
})

test('the drill starts a server on the newest backup, and fails on one that is damaged', async ({ host, serve }) => {
  const server = await onSqlite(host, serve)
  await signUp(server)
  expect((await host.run(sample('docs/operating.md', 'latchkey-backup'))).code).toBe(0)
  const drill = replaced(sample('docs/operating.md', 'latchkey-drill'), { '127.0.0.1:3999': `127.0.0.1:${await sparePort()}` })
  const before = (await readdir(host.root)).sort()
  const ran = await host.run(drill)
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect(ran.stdout).toContain('restored: 1 accounts')
  expect(ran.stdout).toContain('{"status":"ok"}')
  expect((await readdir(host.root)).sort(), 'the drill leaves nothing behind').toEqual(before)
  expect((await signIn(server)).status, 'the real server goes on').toBe(200)
  const [file = ''] = await readdir(host.path('/var/backups/latchkey'))
  const content = await readFile(host.path(`/var/backups/latchkey/${file}`))
  await writeFile(host.path('/var/backups/latchkey/latchkey-9999-01-01-030000.backup'), content.subarray(0, content.length / 2))
  await fails(host.run(drill), /9999/)
  expect((await readdir(host.root)).sort()).toEqual(before)
})

for (const shell of ['sh', 'bash']) {
  test(`the drill leaves neither its copy nor its server behind, however it ends (${shell})`, async ({ host, serve }) => {
    test.skip(missingPrograms({ [shell]: onPath(shell) }).length > 0, `it needs ${shell}`)
    const server = await onSqlite(host, serve)
    await signUp(server)
    expect((await host.run(sample('docs/operating.md', 'latchkey-backup'))).code).toBe(0)
    const at = (port: number): string => replaced(sample('docs/operating.md', 'latchkey-drill'), { '127.0.0.1:3999': `127.0.0.1:${port}` })
    const before = (await readdir(host.root)).sort()
    const left = async (): Promise<string[]> => (await readdir(host.root)).filter((name) => !before.includes(name))
    const asServer = async (text: string): Promise<void> => {
      await host.write('/usr/local/bin/latchkey', `#!/bin/sh\nif [ "$1" = serve ]; then ${text}; fi\nexec ${BINARY} "$@"\n`, 0o755)
    }
    await fails(host.run(at(server.port), {}, '', { shell }), /something else answers/)
    expect(await left()).toEqual([])
    await asServer('echo "no room for me" >&2; exit 1')
    await fails(host.run(at(await sparePort()), {}, '', { shell }), /no room for me/)
    expect(await left()).toEqual([])
    for (const signal of ['TERM', 'HUP'] as const) {
      // The script waits in vain, since the server listens on another port.
      const port = await sparePort()
      await asServer(`export LATCHKEY_LISTEN=127.0.0.1:${port}`)
      const answers = async (): Promise<boolean> => await fetch(`http://127.0.0.1:${port}/api/health/live`).then(() => true, () => false)
      const meanwhile = async (send: (signal: NodeJS.Signals) => void): Promise<void> => {
        await expect.poll(answers).toBe(true)
        expect(await left()).toHaveLength(1)
        send(`SIG${signal}`)
      }
      const ran = await host.run(at(await sparePort()), {}, '', { shell, meanwhile })
      expect([ran.code, ran.stderr], signal).toEqual([1, ''])
      expect([await left(), await answers()], signal).toEqual([[], false])
    }
  })
}

test('systemd understands the units of the nightly backup', async ({ host }) => {
  test.skip(missingPrograms({ systemd: onPath('systemd-analyze') }).length > 0, 'it needs systemd-analyze')
  await host.write('/usr/local/sbin/latchkey-backup', sample('docs/operating.md', 'latchkey-backup'), 0o755)
  for (const [name, text] of [
    ['latchkey-backup.service', sample('docs/operating.md', 'latchkey-backup.service')],
    ['latchkey-backup.timer', sample('docs/operating.md', 'latchkey-backup.timer')],
  ] as const) {
    await host.write(`/etc/systemd/system/${name}`, host.local(text))
    const ran = await host.run(`systemd-analyze verify --recursive-errors=no /etc/systemd/system/${name} 2>&1`)
    expect([ran.code, ran.stdout], name).toEqual([0, ''])
  }
})

test('a role that an operator has set is in the next token', async ({ host, serve }) => {
  const server = await onSqlite(host, serve)
  await signUp(server)
  const signedIn = (await (await signIn(server)).json()) as SignedIn
  expect(claims(signedIn.access_token)['roles']).toEqual(['user'])
  expect(await host.run(sample('docs/operating.md', 'roles.sh'))).toEqual({ code: 0, stdout: '1\n', stderr: '' })
  const next = (await (await post(server, '/api/auth/refresh', { refresh_token: signedIn.refresh_token })).json()) as SignedIn
  expect(claims(next.access_token)['roles']).toEqual(['user', 'editor'])
  // The text says this of internationalized domains, which are stored in their ASCII form.
  await signUp(server, 'Ada@bücher.example')
  const other = (key: string): string => replaced(sample('docs/operating.md', 'roles.sh'), { 'ada@example.org': key })
  expect((await host.run(other('ada@bücher.example'))).stdout).toBe('0\n')
  expect((await host.run(other('ada@xn--bcher-kva.example'))).stdout).toBe('1\n')
})

test('an operator gives a new password to who has forgotten theirs, and every session ends', async ({ host, serve }) => {
  const server = await onSqlite(host, serve)
  await signUp(server)
  const { refresh_token } = (await (await signIn(server)).json()) as SignedIn
  const ran = await host.run(`${FUNCTION()}\n${sample('docs/operating.md', 'forgotten.sh')}`, {}, 'difference engine 1822\n')
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect((await signIn(server)).status).toBe(401)
  expect((await signIn(server, 'difference engine 1822')).status).toBe(200)
  expect((await post(server, '/api/auth/refresh', { refresh_token })).status).toBe(401)
})

test('keys are made and rotated as the configuration says', async ({ host, serve }) => {
  const keys = await host.run(`set -e\n${sample('docs/configuration.md', 'keys.sh')}\necho "$LATCHKEY_TOKENS__REFRESH_SECRET_FILE"`)
  expect([keys.code, keys.stdout]).toEqual([0, `${host.root}/refresh-secret\n`])
  for (const file of ['signing-key.pem', 'refresh-secret']) expect(await mode(host, file), file).toBe(0o600)
  const configured = await serve({
    LATCHKEY_TOKENS__SIGNING_KEY_FILE: host.path('signing-key.pem'),
    LATCHKEY_TOKENS__REFRESH_SECRET_FILE: host.path('refresh-secret'),
  })
  await signUp(configured)
  const server = await onSqlite(host, serve)
  const rotated = await host.run(`${FUNCTION()}\n${sample('docs/configuration.md', 'rotate.sh')}`)
  expect([rotated.code, rotated.stderr]).toEqual([0, ''])
  const published = async (): Promise<number> => {
    const set = (await (await fetch(`http://127.0.0.1:${server.port}/.well-known/jwks.json`)).json()) as { keys: unknown[] }
    return set.keys.length
  }
  await expect.poll(published).toBe(2)
})

test('keys stand in the environment file under systemd, where the program may enter no folder of root', async ({ host }) => {
  await host.write('/etc/latchkey/environment', `LATCHKEY_PUBLIC_URL=${PUBLIC_URL}\n`)
  const steps = `${sample('docs/configuration.md', 'keys.sh')}${sample('docs/configuration.md', 'keys-systemd.sh')}`
  const ran = await host.run(`set -e\n${steps}openssl pkey -in signing-key.pem -pubout -outform DER | tail -c 32 | basenc --base64url | tr -d =`)
  expect(ran.code).toBe(0)
  const port = await sparePort()
  const server = await Program.start({
    name: 'Latchkey',
    path: BINARY,
    args: ['--env-file', host.path('/etc/latchkey/environment'), 'serve'],
    cwd: host.root,
    env: { LATCHKEY_DATA_DIR: host.path('/var/lib/latchkey'), LATCHKEY_LISTEN: `127.0.0.1:${port}` },
    readyUrl: `http://127.0.0.1:${port}/api/health/ready`,
  })
  try {
    const set = (await (await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)).json()) as { keys: { x: string }[] }
    expect(set.keys.map(({ x }) => x)).toEqual([ran.stdout.trim()])
    expect(await readdir(host.path('/var/lib/latchkey'))).not.toContain('secrets.json')
  } finally {
    await server.stop()
  }
})

test('no document lets the program read a file in the folder that only root may enter', async () => {
  const folder = resolve(import.meta.dirname, '../../docs')
  const documents = (await readdir(folder)).filter((name) => name.endsWith('.md')).map((name) => join(folder, name))
  for (const file of [...documents, resolve(folder, '../deploy/README.md'), resolve(folder, '../deploy/latchkey.service')]) {
    expect(await readFile(file, 'utf8'), file).not.toMatch(/(sslrootcert|_FILE)=(\/etc\/latchkey|\/root|\/home|\/tmp)/)
  }
})

test('an upgrade and the way back lose nobody who was there before', async ({ host, serve }) => {
  const server = await onSqlite(host, serve)
  await signUp(server)
  await host.dist()
  await host.write('/srv/latchkey/page/index.html', 'the old page')
  await withServerControl(server, async (env) => {
    const local = (text: string): string => `${FUNCTION()}\n${text}`
    const upgrade = replaced(sample('docs/upgrading.md', 'upgrade.sh'), { '127.0.0.1:3000': `127.0.0.1:${server.port}` })
    const ran = await host.run(upgrade, env)
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    expect(await host.read('/usr/local/bin/latchkey')).toContain('NEW_VERSION')
    expect(await host.read('/srv/latchkey/page/index.html')).toBe('the new page')
    expect((await signIn(server)).status).toBe(200)
    await signUp(server, 'eve@example.org')
    const back = await host.run(local(sample('docs/upgrading.md', 'rollback.sh')), env)
    expect([back.code, back.stderr]).toEqual([0, ''])
  })
  expect(await host.invocations('systemctl')).toEqual(['stop latchkey', 'start latchkey', 'stop latchkey', 'start latchkey'])
  expect(await host.read('/usr/local/bin/latchkey')).not.toContain('NEW_VERSION')
  expect(await host.read('/srv/latchkey/page/index.html')).toBe('the old page')
  expect((await signIn(server)).status).toBe(200)
  expect((await signIn(server, ADA.password, 'eve@example.org')).status).toBe(401)
})

test('each upgrade keeps the version before it, also when it is tried twice, and the way back leads there', async ({ host, serve }) => {
  const server = await onSqlite(host, serve)
  await signUp(server)
  // The first version does not have the option with which later ones read their settings.
  await host.write('/usr/local/bin/latchkey', '#!/bin/sh\n# VERSION=1\nexit 2\n', 0o755)
  await host.write('/srv/latchkey/page/index.html', 'page 1')
  const upgrade = replaced(sample('docs/upgrading.md', 'upgrade.sh'), { '127.0.0.1:3000': `127.0.0.1:${server.port}` })
  await withServerControl(server, async (env) => {
    for (const version of [2, 3]) {
      // Backups are named by the second, so each upgrade needs a second of its own.
      const second = () => Math.floor(Date.now() / 1000)
      const last = second()
      await expect.poll(second).toBeGreaterThan(last)
      await host.dist()
      await host.program('latchkey', `VERSION=${version}`)
      await host.write('page/index.html', `page ${version}`)
      // The second try stands for one after a first that stopped after the start of the new program.
      for (let tries = 0; tries < 2; tries += 1) {
        const ran = await host.run(upgrade, env)
        expect([ran.code, ran.stderr], `version ${version}`).toEqual([0, ''])
      }
      expect(await host.read('/usr/local/bin/latchkey.old')).toContain(`VERSION=${version - 1}`)
      expect(await host.read('/srv/latchkey/page.old/index.html')).toBe(`page ${version - 1}`)
      expect(await readdir(host.path('/srv/latchkey/page.old'))).toEqual(['index.html'])
      const backups = await readdir(host.path('/var/backups/latchkey'))
      expect(backups).toHaveLength(version - 1)
      for (const name of backups) expect(await mode(host, `/var/backups/latchkey/${name}`)).toBe(0o600)
      await signUp(server, `eve${version}@example.org`)
    }
    expect(await mode(host, '/var/backups/latchkey')).toBe(0o700)
    const back = await host.run(`${FUNCTION()}\n${sample('docs/upgrading.md', 'rollback.sh')}`, env)
    expect([back.code, back.stderr]).toEqual([0, ''])
    expect(await host.read('/usr/local/bin/latchkey')).toContain('VERSION=2')
    expect(await host.read('/srv/latchkey/page/index.html')).toBe('page 2')
    // The data from before the last upgrade is there, and nothing that is newer.
    expect((await signIn(server, ADA.password, 'eve2@example.org')).status).toBe(200)
    expect((await signIn(server, ADA.password, 'eve3@example.org')).status).toBe(401)
    // A second rollback has no version to return to: it stops before it changes anything.
    const invocations = await host.invocations('systemctl')
    expect((await host.run(`${FUNCTION()}\n${sample('docs/upgrading.md', 'rollback.sh')}`, env)).code).not.toBe(0)
    expect(await host.invocations('systemctl')).toEqual(invocations)
  })
})

test('an upgrade stops at its backup when that cannot be written', async ({ host, serve }) => {
  const server = await onSqlite(host, serve)
  await host.dist()
  await host.write('/srv/latchkey/page/index.html', 'the old page')
  await host.write('/var/backups/latchkey', 'no folder')
  const ran = await host.run(sample('docs/upgrading.md', 'upgrade.sh'))
  expect(ran.code).not.toBe(0)
  expect(await host.invocations('systemctl')).toEqual([])
  expect(await host.read('/usr/local/bin/latchkey')).not.toContain('NEW_VERSION')
  expect((await post(server, '/api/auth/refresh', {})).status).toBe(401)
})

test('every command for compose finds the domain after the first steps', async ({ host, postgres, serve }) => {
  await host.dist()
  const fresh = sample('docs/operating.md', 'containers.sh')
  await fails(host.run(fresh), /LATCHKEY_DOMAIN/)
  const ran = await host.run(`set -e\n${sample('deploy/README.md', 'containers.sh')}`)
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect(await host.invocations('docker')).toContain('compose up --detach --build')
  expect((await stat(host.path('secrets'))).mode & 0o777).toBe(0o700)
  const password = await host.read('secrets/postgres_password')
  expect(password).toMatch(/^[0-9a-f]{48}$/)
  expect(await host.read('secrets/database_url')).toBe(`postgres://latchkey:${password}@postgres/latchkey`)
  // The programs that run in containers in production run here as processes of the test.
  const env = { ...postgres.environment }
  expect((await host.run('createuser --superuser latchkey && createdb --owner=latchkey latchkey', env)).code).toBe(0)
  const server = await serve({
    LATCHKEY_DATABASE__URL: postgres.url('latchkey', 'latchkey'),
    LATCHKEY_DATA_DIR: host.path('/var/lib/latchkey'),
  })
  await host.program('bin/latchkey', 'LATCHKEY_DATA_DIR=$ROOT/var/lib/latchkey')
  expect((await host.run(fresh, env)).stdout).toContain('new key')
  await signUp(server)
  await withServerControl(server, async (control) => {
    const all = { ...env, ...control }
    const dumped = await host.run(`set -e\n${sample('docs/operating.md', 'dump-containers.sh')}`, all)
    expect([dumped.code, dumped.stderr]).toEqual([0, ''])
    expect(JSON.parse(await host.read('secrets.json'))).toHaveProperty('refresh')
    for (const file of ['FILE', 'secrets.json']) expect(await mode(host, file), file).toBe(0o600)
    await signUp(server, 'eve@example.org')
    const newer = `psql --username=latchkey --command='CREATE TABLE of_tomorrow (account_id uuid REFERENCES accounts)' latchkey`
    expect((await host.run(newer, env)).code).toBe(0)
    const restored = await host.run(`set -e\n${sample('docs/operating.md', 'restore-containers.sh')}`, all)
    expect([restored.code, restored.stderr]).toEqual([0, ''])
    expect((await host.run(newer, env)).code, 'the next upgrade finds its place free').toBe(0)
  })
  expect((await signIn(server)).status).toBe(200)
  expect((await signIn(server, ADA.password, 'eve@example.org')).status).toBe(401)
})

test('PostgreSQL is set up, dumped, restored and drilled as the documents say', async ({ host, postgres, serve }) => {
  const admin = { ...postgres.environment }
  const sql = (text: string, database: string): ReturnType<FakeHost['run']> =>
    host.run(`psql --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=${database}`, admin, text)
  expect((await sql(sample('docs/several-servers.md', 'rights.sql'), 'postgres')).code).toBe(0)
  expect((await sql('CREATE DATABASE shared', 'postgres')).code).toBe(0)
  expect((await sql(sample('docs/several-servers.md', 'grants.sql'), 'shared')).code).toBe(0)
  await serve({ LATCHKEY_DATABASE__URL: postgres.url('latchkey', 'shared') })
  const server = await serve({ LATCHKEY_DATABASE__URL: postgres.url('latchkey', 'latchkey') })
  await signUp(server)
  // The URL is read from the server's own file, including `&`.
  const password = '\\p@ss:/?#% $ö\'"'
  const url = `${postgres.url(`latchkey:${encodeURIComponent(password)}`, 'latchkey')}?sslmode=disable&application_name=backup&options=-c%20work_mem%3D8MB`
  await noted(host, 'pg_dump', 'psql')
  await host.write('/etc/latchkey/environment', `LATCHKEY_PUBLIC_URL=${EXAMPLE}\nLATCHKEY_DATABASE__URL=${url}\n`)
  const read = sample('docs/operating.md', 'url.sh')
  const dump = replaced(sample('docs/operating.md', 'postgresql.sh'), { FILE: 'kept.dump' })
  const restore = replaced(sample('docs/operating.md', 'restore-postgresql.sh'), { FILE: 'kept.dump' })
  const roles = sample('docs/operating.md', 'roles-postgresql.sh')
  expect(await host.run(`${read}${roles}`)).toEqual({ code: 0, stdout: 'UPDATE 1\n', stderr: '' })
  expect(await host.run(`${read}${dump}`)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await mode(host, 'kept.dump')).toBe(0o600)
  for (const program of ['pg_dump', 'psql']) {
    const [words, given] = (await host.read(`${program}.log`)).trim().split('\n')
    expect(words).toContain('application_name=backup&options=-c%20work_mem%3D8MB')
    expect(words).not.toContain(encodeURIComponent(password))
    expect(given).toBe(password)
  }
  await signUp(server, 'eve@example.org')
  // The default database of the user who runs the samples must not be touched.
  const empty = { ...admin, PGDATABASE: 'shared', LATCHKEY_DATABASE__URL: '' }
  for (const line of [dump.replace('kept.dump', 'wrong.dump'), roles]) {
    await fails(host.run(line, empty), /LATCHKEY_DATABASE__URL/)
    await fails(host.run(line, { ...admin, PGDATABASE: 'shared' }), /LATCHKEY_DATABASE__URL/)
  }
  expect(await readdir(host.root)).not.toContain('wrong.dump')
  // A newer version has added a table, which must stay with the replaced database.
  const newer = 'CREATE TABLE of_tomorrow (account_id uuid REFERENCES accounts)'
  expect((await sql(`SET ROLE latchkey; ${newer}`, 'latchkey')).code).toBe(0)
  await fails(host.run(restore, admin), /being accessed by other users/)
  expect((await host.run('dropdb latchkey_restored', admin)).code).toBe(0)
  await server.goAway()
  expect(await host.run(restore, admin)).toEqual({ code: 0, stdout: 'ALTER DATABASE\nALTER DATABASE\n', stderr: '' })
  await server.comeBack()
  expect((await sql(`SET ROLE latchkey; ${newer}`, 'latchkey')).code, 'the next upgrade finds its place free').toBe(0)
  expect((await sql('SELECT 1 FROM of_tomorrow', 'latchkey_replaced')).code, 'what was there is kept').toBe(0)
  const signedIn = (await (await signIn(server)).json()) as SignedIn
  expect(claims(signedIn.access_token)['roles']).toEqual(['user', 'editor'])
  expect((await signIn(server, ADA.password, 'eve@example.org')).status).toBe(401)
  const drill = replaced(sample('docs/operating.md', 'drill-postgresql.sh'), { FILE: 'kept.dump' })
  expect(await host.run(drill, admin)).toEqual({ code: 0, stdout: '     1\n\n', stderr: '' })
  await writeFile(host.path('kept.dump'), (await readFile(host.path('kept.dump'))).subarray(0, 2000))
  await fails(host.run(drill, admin), /pg_restore/)
  expect((await host.run('psql --list --tuples-only', admin)).stdout).not.toContain('latchkey_drill')
})

test('a balancer goes on while a server is away, and a session that ends on one has ended on all', async ({ host, postgres, serve }) => {
  test.skip(missingPrograms({ caddy: onPath('caddy') }).length > 0, 'it needs Caddy')
  const keys = await host.run(`set -e\n${sample('docs/configuration.md', 'keys.sh')}`)
  expect(keys.code).toBe(0)
  const settings = {
    LATCHKEY_DATABASE__URL: postgres.url('postgres', 'postgres'),
    LATCHKEY_TOKENS__SIGNING_KEY_FILE: host.path('signing-key.pem'),
    LATCHKEY_TOKENS__REFRESH_SECRET_FILE: host.path('refresh-secret'),
  }
  const [one, other] = [await serve(settings), await serve(settings)]
  const port = await sparePort()
  const balancer = replaced(sample('docs/several-servers.md', 'balancer.caddyfile'), {
    '10.0.0.11:3000': `127.0.0.1:${one.port}`,
    '10.0.0.12:3000': `127.0.0.1:${other.port}`,
  })
  await host.write('/etc/caddy/Caddyfile', `{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\nhttp://localhost:${port} {\n${balancer}}\n`)
  const caddy = await startBalancer(host, port)
  try {
    await signUp(one)
    const { access_token } = (await (await signIn(other)).json()) as SignedIn
    const verified = async (at: string): Promise<number> =>
      (await fetch(`${at}/api/auth/verify`, { headers: { authorization: `Bearer ${access_token}` } })).status
    for (const away of [one, other]) {
      await away.goAway()
      for (let call = 0; call < 10; call += 1) expect(await verified(`http://localhost:${port}`)).toBe(200)
      await away.comeBack()
    }
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${access_token}` }
    await fetch(`http://127.0.0.1:${one.port}/api/auth/logout`, { method: 'POST', headers, body: '{}' })
    await expect.poll(() => verified(`http://127.0.0.1:${other.port}`)).toBe(401)
  } finally {
    await caddy.stop()
  }
})

async function startBalancer(host: FakeHost, port: number): Promise<Program> {
  return await Program.start({
    name: 'Caddy',
    path: 'caddy',
    args: ['run', '--config', host.path('/etc/caddy/Caddyfile'), '--adapter', 'caddyfile'],
    cwd: host.root,
    env: { HOME: host.root },
    readyUrl: `http://localhost:${port}/api/health/ready`,
  })
}

test('the collector of the sample is told of calls', async ({ host, serve }) => {
  const paths: string[] = []
  const collector = createServer((asked, answer) => {
    paths.push(asked.url ?? '')
    asked.resume()
    answer.end()
  })
  const port = await listen(collector)
  const [docker = '', start = ''] = replaced(sample('docs/operating.md', 'jaeger.sh'), { '127.0.0.1:4318': `127.0.0.1:${port}` }).trim().split('\n')
  expect((await host.run(docker)).code).toBe(0)
  expect((await host.invocations('docker'))[0]).toContain(`-p 127.0.0.1:${port}:4318`)
  const [setting = '', program] = start.split(' ')
  const [name = '', value = ''] = setting.split('=')
  expect([name, program]).toEqual(['LATCHKEY_TRACES__ENDPOINT', 'latchkey'])
  const server = await serve({ [name]: value })
  await signUp(server)
  await expect.poll(() => paths).toContain('/v1/traces')
  collector.close()
})

test('behind a CDN that is named, people are told apart by what it says of them', async ({ host, serve }) => {
  test.skip(missingPrograms({ caddy: onPath('caddy') }).length > 0, 'it needs Caddy')
  await host.write('/etc/latchkey/environment', `LATCHKEY_PUBLIC_URL=${PUBLIC_URL}\n`)
  await host.write('/etc/systemd/system/caddy.service.d/latchkey.conf', '[Service]\n')
  const steps = replaced(sample('deploy/README.md', 'cdn.sh'), { '192.0.2.0/24': '127.0.0.0/8' })
  expect(await host.run(`set -e\n${steps}`)).toEqual({ code: 0, stdout: '', stderr: '' })
  const set = async (file: string, name: string): Promise<string> =>
    new RegExp(`${name}="?([^"\n]*)`).exec(await host.read(file))?.[1] ?? ''
  const cdn = await set('/etc/systemd/system/caddy.service.d/latchkey.conf', 'CADDY_TRUSTED_PROXIES')
  const trusted = await set('/etc/latchkey/environment', 'LATCHKEY_PROXIES__TRUSTED')
  const server = await serve({ LATCHKEY_PROXIES__TRUSTED: trusted })
  await host.dist()
  const local = replaced(await host.read('Caddyfile'), { 'admin {$CADDY_ADMIN:localhost:2019}': 'admin off\n\tdefault_bind 127.0.0.1' })
  await writeFile(host.path('Caddyfile'), local)
  await signUp(server)
  for (const [named, seen] of [
    [cdn, '203.0.113.7'],
    ['', '127.0.0.1'],
  ] as const) {
    const port = await sparePort()
    const caddy = await Program.start({
      name: 'Caddy',
      path: 'caddy',
      args: ['run', '--config', host.path('Caddyfile'), '--adapter', 'caddyfile'],
      cwd: host.root,
      env: { HOME: host.root, LATCHKEY_SITE: `http://localhost:${port}`, LATCHKEY_UPSTREAM: `127.0.0.1:${server.port}`, CADDY_TRUSTED_PROXIES: named },
      readyUrl: `http://localhost:${port}/api/health/ready`,
    })
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7' }
    const body = JSON.stringify({ email: ADA.email, password: ADA.password, token_delivery: 'body' })
    const signedIn = (await (await fetch(`http://localhost:${port}/api/auth/login`, { method: 'POST', headers, body })).json()) as SignedIn
    const authorization = `Bearer ${signedIn.access_token}`
    const sessions = await (await fetch(`http://localhost:${port}/api/me/sessions`, { headers: { authorization } })).text()
    expect(sessions).toContain(seen)
    await caddy.stop()
  }
})
