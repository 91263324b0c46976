import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = resolve(import.meta.dirname, '../..')

/** The programs that PyJWT is installed for, as `cargo xtask test` prepares them. */
const PYTHON = process.env.LATCHKEY_SAMPLES_PYTHON

/** The address that stands for `public_url` in the documents. */
export const EXAMPLE = 'https://id.example.org'

/** The fenced block of a document whose first line names it: three backticks, the language, this name. */
export function sample(document: string, name: string): string {
  const text = readFileSync(join(ROOT, document), 'utf8')
  const block = new RegExp(`^\`\`\`\\w+ ${name.replaceAll('.', '\\.')}\n(.*?\n)\`\`\`$`, 'ms').exec(text)?.[1]
  if (!block) throw new Error(`${document} has no sample ${name}`)
  return block
}

/** A copy with every occurrence replaced; each has to be there, so that no replacement is forgotten when a sample changes. */
export function replaced(text: string, replacements: Record<string, string>): string {
  for (const [what, by] of Object.entries(replacements)) {
    if (!text.includes(what)) throw new Error(`there is no ${what} in:\n${text}`)
    text = text.replaceAll(what, by)
  }
  return text
}

/** A folder that goes when the test is over. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-sample-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What samples find on a machine: programs, and nothing of whoever runs the tests. */
export function environment(folder: string, more: Record<string, string> = {}): Record<string, string> {
  const path = [join(folder, 'bin'), PYTHON, process.env.PATH].filter((part) => part !== undefined).join(':')
  return { PATH: path, HOME: folder, TMPDIR: folder, LC_ALL: 'C.UTF-8', ...more }
}

/** How a script ended. */
export interface ScriptResult {
  code: number | null
  stdout: string
  stderr: string
}

/** A script that is run from a folder, and what it is given. */
export interface Script {
  folder: string
  text: string
  words?: string[]
  input?: string
  env?: Record<string, string>
  /** What reads it: `sh`, unless it says so. */
  shell?: string
  /** Goes on beside the script, which it may send a signal. */
  meanwhile?: (send: (signal: NodeJS.Signals) => void) => Promise<void>
}

/** Runs a shell script to its end. */
export async function runScript({ folder, text, words = [], input = '', env = {}, shell = 'sh', meanwhile }: Script): Promise<ScriptResult> {
  const child = spawn(shell, ['-c', text, 'sh', ...words], { cwd: folder, env: environment(folder, env) })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  // A script that reads nothing may have ended by now.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const closed = new Promise<number | null>((ended) => child.once('close', ended))
  await meanwhile?.((signal) => child.kill(signal))
  const code = await closed
  return { code, stdout, stderr }
}

/** Puts a program of the test's own before those of the machine. */
export async function stub(folder: string, name: string, text: string): Promise<void> {
  await writeFile(join(folder, 'bin', name), text, { mode: 0o755 })
}

/** A program that answers each line with a line. */
export class LineProgram {
  private readonly answers: AsyncIterator<string>
  private readonly child: ChildProcess
  private readonly said: string[] = []

  constructor(command: string, folder: string) {
    // The shell gives way to the program, so that stopping it stops the program.
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

  /** Ends the program by the end of its input, as a shell does. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.stdin?.end()
    if (this.child.exitCode === null && this.child.signalCode === null) await ended
  }
}

/** Says of a part of the tests what it lacks here. Where the machine is made for tests, its absence is a failure. */
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
