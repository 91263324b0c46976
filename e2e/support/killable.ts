import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext } from '@playwright/test'
import { CHROMIUM, CHROMIUM_FLAGS } from './chromium.ts'

const ARGUMENTS = [...CHROMIUM_FLAGS, '--headless=new', '--remote-debugging-port=0', '--password-store=basic', '--lang=en-US']

/** How long a browser may take to start, in milliseconds. */
const TIMEOUT = 60_000

/** A Chromium with a profile on the disk, which can be killed as a crash does it. */
export class KillableBrowser {
  private constructor(
    private readonly child: ChildProcess,
    private readonly gone: Promise<void>,
    private readonly browser: Browser,
  ) {}

  /** Starts it with the profile in this folder. */
  static async start(profile: string): Promise<KillableBrowser> {
    const port = join(profile, 'DevToolsActivePort')
    await rm(port, { force: true })
    // A process group of its own: all of the browser's processes die at once.
    const child = spawn(CHROMIUM, [...ARGUMENTS, `--user-data-dir=${profile}`, 'about:blank'], { detached: true, stdio: 'ignore' })
    const gone = new Promise<void>((done) => child.once('exit', () => done()))
    try {
      const browser = await chromium.connectOverCDP(`http://127.0.0.1:${await written(port)}`)
      return new KillableBrowser(child, gone, browser)
    } catch (error) {
      killGroup(child)
      throw error
    }
  }

  /** Its windows, with the cookies and the storage of the profile. */
  get context(): BrowserContext {
    const [context] = this.browser.contexts()
    if (!context) throw new Error('the browser has no context')
    return context
  }

  /** Kills it: it writes nothing more. */
  async kill(): Promise<void> {
    killGroup(this.child)
    await this.gone
    await this.browser.close()
  }
}

/** Kills a process and those that it has started, unless it has ended. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
}

/** A folder for a profile. */
export function newProfile(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'latchkey-profile-'))
}

/** Removes it; processes of a browser that was killed may hold it for a moment. */
export function removeProfile(profile: string): Promise<void> {
  return rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

/** Whether the profile on the disk has a cookie of this name. Its value is encrypted there, its name is not. */
export async function hasOnDisk(profile: string, cookie: string): Promise<boolean> {
  const files = ['Cookies', 'Network/Cookies'].map((file) => join(profile, 'Default', file))
  const contents = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')))
  return contents.some((content) => content.includes(cookie))
}

/** The port that the browser has written down. */
async function written(file: string): Promise<string> {
  const deadline = Date.now() + TIMEOUT
  while (Date.now() < deadline) {
    const [port] = (await readFile(file, 'utf8').catch(() => '')).split('\n')
    if (port) return port
    await new Promise((later) => setTimeout(later, 50))
  }
  throw new Error('the browser does not start')
}
