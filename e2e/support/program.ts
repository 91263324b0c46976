import { spawn, type ChildProcess } from 'node:child_process'

/** Timeout for a program to become ready, and to exit, in milliseconds. */
const TIMEOUT = 60_000

export interface Launch {
  name: string
  path: string
  args: string[]
  env: Record<string, string>
  cwd: string
  /** URL that returns 200 once the program is ready. */
  readyUrl: string
  /** User and group of the process, if not those of the tests. */
  uid?: number | undefined
  gid?: number | undefined
}

/** Program that is started for a test, and stopped by its own process id. */
export class Program {
  private readonly lines: string[] = []
  private readonly child: ChildProcess
  private readonly gone: Promise<void>
  private ended: string | undefined

  private constructor(private readonly launch: Launch) {
    // Only PATH is inherited: a test must not depend on who runs it.
    const env = { PATH: process.env.PATH ?? '', ...launch.env }
    const { cwd, uid, gid } = launch
    const owner = uid === undefined || gid === undefined ? {} : { uid, gid }
    this.child = spawn(launch.path, launch.args, { cwd, env, ...owner, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.lines.push(chunk.toString()))
    }
    this.gone = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(this.note(error.message)))
      this.child.once('exit', (code, signal) => resolve(this.note(`it ended with ${code ?? signal}`)))
    })
    process.once('exit', this.kill)
  }

  /** Starts the program and waits until it is ready. */
  static async start(launch: Launch): Promise<Program> {
    const program = new Program(launch)
    try {
      await program.ready()
    } catch (error) {
      await program.stop()
      throw error
    }
    return program
  }

  /** Output so far, from both stdout and stderr. */
  get log(): string {
    return this.lines.join('')
  }

  /** Sends SIGTERM and waits for the exit; sends SIGKILL after the timeout. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    const timer = setTimeout(this.kill, TIMEOUT)
    await this.gone
    clearTimeout(timer)
    process.removeListener('exit', this.kill)
  }

  private readonly kill = (): void => {
    this.child.kill('SIGKILL')
  }

  private note(how: string): void {
    this.ended = how
  }

  private async ready(): Promise<void> {
    const { name, path, readyUrl } = this.launch
    const deadline = Date.now() + TIMEOUT
    while (Date.now() < deadline) {
      if (this.ended) throw new Error(`${name} (${path}) did not start: ${this.ended}\n${this.log}`)
      const answer = await fetch(readyUrl).catch(() => undefined)
      await answer?.body?.cancel()
      if (answer?.ok) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`${name} (${path}) does not become ready\n${this.log}`)
  }
}
