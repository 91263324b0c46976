import { execFileSync } from 'node:child_process'
import { readdirSync, existsSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen, sparePort } from './ports.ts'
import { Program } from './program.ts'

/** Returns the folder with the programs of the newest PostgreSQL, or undefined if there is none. */
export function postgresPrograms(): string | undefined {
  const family = '/usr/lib/postgresql'
  const versions = existsSync(family) ? readdirSync(family).sort((a, b) => Number(b) - Number(a)) : []
  return versions.map((version) => join(family, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
}

/** PostgreSQL server of one test. Its superuser is `postgres`; the loopback needs no password. */
export class Postgres {
  private constructor(
    private readonly program: Program,
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(): Promise<Postgres> {
    const programs = postgresPrograms()
    if (!programs) throw new Error('there must be PostgreSQL')
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-postgres-'))
    // PostgreSQL refuses to run as root.
    const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
    if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid)
    const data = join(folder, 'data')
    const create = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--pgdata', data]
    execFileSync(join(programs, 'initdb'), create, { ...owner, cwd: folder, stdio: 'ignore' })
    const port = await sparePort()
    const ready = createServer((_, answer) => answer.writeHead(answers(programs, port) ? 200 : 503).end())
    const readyPort = await listen(ready)
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off']
    const program = await Program.start({
      name: 'PostgreSQL',
      path: join(programs, 'postgres'),
      args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      env: {},
      cwd: folder,
      readyUrl: `http://127.0.0.1:${readyPort}`,
      ...owner,
    })
    ready.close()
    return new Postgres(program, folder, port)
  }

  url(user: string, database: string): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`
  }

  /** Environment variables with which PostgreSQL's own programs connect to it. */
  get environment(): Record<string, string> {
    return { PGHOST: '127.0.0.1', PGPORT: String(this.port), PGUSER: 'postgres' }
  }

  async end(): Promise<void> {
    await this.program.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres']).toString())
}

function answers(programs: string, port: number): boolean {
  try {
    execFileSync(join(programs, 'pg_isready'), ['--host=127.0.0.1', `--port=${port}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
