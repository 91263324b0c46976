import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { sparePort } from './ports.ts'
import { Program } from './program.ts'

/** Path of the binary under test. */
export const BINARY = process.env.LATCHKEY_BIN ?? resolve(import.meta.dirname, '../../target/debug/latchkey')

/** Settings by their environment variables, such as `LATCHKEY_SESSIONS__IDLE`. */
export type Settings = Record<string, string>

/** Real Latchkey server with its own database in a temporary folder. */
export class Server {
  private program: Program | undefined
  private readonly logs: string[] = []

  private constructor(
    readonly port: number,
    readonly folder: string,
    private readonly settings: Settings,
  ) {}

  /** Starts a server whose `public_url` setting is `publicUrl`. */
  static async start(publicUrl: string, settings: Settings): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-e2e-'))
    const port = await sparePort()
    const server = new Server(port, folder, {
      LATCHKEY_LISTEN: `127.0.0.1:${port}`,
      LATCHKEY_DATA_DIR: join(folder, 'data'),
      LATCHKEY_PUBLIC_URL: publicUrl,
      // Password hashing is slow on a busy machine.
      LATCHKEY_PASSWORDS__MAX_WAIT: '1m',
      ...settings,
    })
    await server.comeBack()
    return server
  }

  /** Output so far, also from before a restart. */
  get log(): string {
    return [...this.logs, this.program?.log ?? ''].join('')
  }

  /** Stops the server; its data stays. */
  async goAway(): Promise<void> {
    this.logs.push(this.program?.log ?? '')
    await this.program?.stop()
    this.program = undefined
  }

  /** Starts the server again, on the same port and data. */
  async comeBack(): Promise<void> {
    this.program = await Program.start({
      name: 'latchkey',
      path: BINARY,
      args: ['serve'],
      env: this.settings,
      cwd: this.folder,
      readyUrl: `http://127.0.0.1:${this.port}/api/health/ready`,
    })
  }

  /** Stops the server and removes its data. */
  async end(): Promise<void> {
    await this.goAway()
    await rm(this.folder, { recursive: true, force: true })
  }
}
