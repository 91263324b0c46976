import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = resolve(import.meta.dirname, '../..')

/** Folder of the Python programs for which PyJWT is installed, as `cargo xtask test` prepares it. */
const PYTHON = process.env.LATCHKEY_SAMPLES_PYTHON

/** Example value of `public_url` in the documents. */
export const EXAMPLE = 'https://id.example.org'

/** Returns the fenced block of a document whose first line is three backticks, the language, and this name. */
export function sample(document: string, name: string): string {
  const text = readFileSync(join(ROOT, document), 'utf8')
  const block = new RegExp(`^\`\`\`\\w+ ${name.replaceAll('.', '\\.')}\n(.*?\n)\`\`\`$`, 'ms').exec(text)?.[1]
  if (!block) throw new Error(`${document} has no sample ${name}`)
  return block
}

/** Replaces every occurrence; a missing one is an error, so that replacements stay up to date when a sample changes. */
export function replaced(text: string, replacements: Record<string, string>): string {
  for (const [what, by] of Object.entries(replacements)) {
    if (!text.includes(what)) throw new Error(`there is no ${what} in:\n${text}`)
    text = text.replaceAll(what, by)
  }
  return text
}

/** Runs `use` with a temporary folder and removes it afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-sample-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Returns the environment of samples: programs on PATH, and nothing of the user who runs the tests. */
export function environment(folder: string, more: Record<string, string> = {}): Record<string, string> {
  const path = [join(folder, 'bin'), PYTHON, process.env.PATH].filter((part) => part !== undefined).join(':')
  return { PATH: path, HOME: folder, TMPDIR: folder, LC_ALL: 'C.UTF-8', ...more }
}

/** Exit code and output of a script. */
export interface ScriptResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Script to run from a folder, with its arguments, input and environment. */
export interface Script {
  folder: string
  text: string
  words?: string[]
  input?: string
  env?: Record<string, string>
  /** Shell that runs it; `sh` by default. */
  shell?: string
  /** Runs concurrently with the script and can send it signals. */
  meanwhile?: (send: (signal: NodeJS.Signals) => void) => Promise<void>
}

/** Runs a shell script and waits until it ends. */
export async function runScript({ folder, text, words = [], input = '', env = {}, shell = 'sh', meanwhile }: Script): Promise<ScriptResult> {
  const child = spawn(shell, ['-c', text, 'sh', ...words], { cwd: folder, env: environment(folder, env) })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  // A script that reads no input may already have ended, and the pipe is broken then.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const closed = new Promise<number | null>((ended) => child.once('close', ended))
  await meanwhile?.((signal) => child.kill(signal))
  const code = await closed
  return { code, stdout, stderr }
}

/** Writes a test program that comes before those of the machine on PATH. */
export async function stub(folder: string, name: string, text: string): Promise<void> {
  await writeFile(join(folder, 'bin', name), text, { mode: 0o755 })
}

/** Program that writes one output line for each input line. */
export class LineProgram {
  private readonly answers: AsyncIterator<string>
  private readonly child: ChildProcess
  private readonly said: string[] = []

  constructor(command: string, folder: string) {
    // `exec` replaces the shell by the program, so that stopping the child stops the program.
    const options = { cwd: folder, env: environment(folder) }
    const child = spawn('sh', ['-c', `exec ${command}`], { ...options, detached: true })
    child.stderr.on('data', (chunk: Buffer) => this.said.push(chunk.toString()))
    child.stdin.on('error', () => {})
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this.child = child
  }

  async ask(line: string): Promise<string> {
    this.child.stdin?.write(`${line}\n`)
    const { value, done } = await this.answers.next()
    if (done) throw new Error(`it has ended: ${this.said.join('')}`)
    return value as string
  }

  /** Ends the program by closing its input, as a shell does. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.stdin?.end()
    if (this.child.exitCode === null && this.child.signalCode === null) await ended
  }
}

/** Returns the names of the programs that are missing here; none in CI, where a missing program must fail the tests. */
export function missingPrograms(programs: Record<string, boolean>): string[] {
  if (process.env.CI) return []
  return Object.entries(programs).flatMap(([name, isHere]) => (isHere ? [] : [name]))
}

export function onPath(program: string): boolean {
  const folders = (environment('/nowhere')['PATH'] ?? '').split(':')
  return folders.some((folder) => {
    try {
      return readFileSync(join(folder, program)).length > 0
    } catch {
      return false
    }
  })
}
