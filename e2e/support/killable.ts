import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext } from '@playwright/test'
import { CHROMIUM, CHROMIUM_FLAGS } from './chromium.ts'

const ARGUMENTS = [...CHROMIUM_FLAGS, '--headless=new', '--remote-debugging-port=0', '--password-store=basic', '--lang=en-US']

/** Timeout for the start of a browser, in milliseconds. */
const TIMEOUT = 60_000

/** Chromium with a profile on the disk, which can be killed to simulate a crash. */
export class KillableBrowser {
  private constructor(
    private readonly child: ChildProcess,
    private readonly gone: Promise<void>,
    private readonly browser: Browser,
  ) {}

  /** Starts the browser with the profile in this folder. */
  static async start(profile: string): Promise<KillableBrowser> {
    const port = join(profile, 'DevToolsActivePort')
    await rm(port, { force: true })
    // With a process group of its own, all of the browser's processes can be killed at once.
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

  /** Default browser context, with the cookies and the storage of the profile. */
  get context(): BrowserContext {
    const [context] = this.browser.contexts()
    if (!context) throw new Error('the browser has no context')
    return context
  }

  /** Kills the browser with SIGKILL, so that it writes nothing more. */
  async kill(): Promise<void> {
    killGroup(this.child)
    await this.gone
    await this.browser.close()
  }
}

/** Kills the process group of a process, unless the process has ended. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
}

/** Creates a temporary folder for a profile. */
export function newProfile(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'latchkey-profile-'))
}

/** Removes the profile; retries, since processes of a killed browser may use it for a moment. */
export function removeProfile(profile: string): Promise<void> {
  return rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

/** Returns true if the profile on the disk has a cookie of this name. Only cookie values are encrypted there. */
export async function hasOnDisk(profile: string, cookie: string): Promise<boolean> {
  const files = ['Cookies', 'Network/Cookies'].map((file) => join(profile, 'Default', file))
  const contents = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')))
  return contents.some((content) => content.includes(cookie))
}

/** Waits for the file with the browser's debugging port and returns the port; an error after the timeout. */
async function written(file: string): Promise<string> {
  const deadline = Date.now() + TIMEOUT
  while (Date.now() < deadline) {
    const [port] = (await readFile(file, 'utf8').catch(() => '')).split('\n')
    if (port) return port
    await new Promise((later) => setTimeout(later, 50))
  }
  throw new Error('the browser does not start')
}
