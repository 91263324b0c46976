import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Builder, Capabilities, type WebDriver } from 'selenium-webdriver'
import { sparePort } from '../support/ports.ts'
import { Program } from '../support/program.ts'
import { VirtualDisplay } from './virtual-display.ts'

/** Browser engines that are driven by WebDriver. */
export type Engine = 'firefox' | 'webkit'

/** Browser of the machine and its WebDriver session; `end` stops both. */
export interface DrivenBrowser {
  driver: WebDriver
  end: () => Promise<void>
}

/** Starts the driver, and a browser with its own profile. `density`: device pixels per CSS pixel, only in Firefox. */
export async function launch(engine: Engine, density = 1): Promise<DrivenBrowser> {
  const home = await mkdtemp(join(tmpdir(), 'latchkey-engine-'))
  let screen: VirtualDisplay | undefined
  let program: Driver | undefined
  const end = async () => {
    await program?.stop()
    await screen?.end()
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    if (engine === 'webkit') screen = await VirtualDisplay.start()
    program = await startDriver(engine, home, screen)
    const capabilities = engine === 'firefox' ? firefox(density) : webkit()
    const driver = await new Builder().usingServer(program.url).withCapabilities(new Capabilities(capabilities)).build()
    return { driver, end: () => driver.quit().catch(() => {}).then(end) }
  } catch (error) {
    await end()
    throw error
  }
}

/** WebDriver server of the machine on its own port. */
interface Driver {
  url: string
  stop: () => Promise<void>
}

async function startDriver(engine: Engine, home: string, screen: VirtualDisplay | undefined): Promise<Driver> {
  const port = await sparePort()
  const name = engine === 'firefox' ? 'geckodriver' : 'WebKitWebDriver'
  const program = await Program.start({
    name,
    path: name,
    args: [`--port=${port}`],
    env: { HOME: home, ...(screen && { DISPLAY: screen.display }) },
    cwd: home,
    readyUrl: `http://127.0.0.1:${port}/status`,
  })
  return { url: `http://127.0.0.1:${port}`, stop: () => program.stop() }
}

function firefox(density: number): object {
  const prefs = { 'intl.accept_languages': 'en-US', 'layout.css.devPixelsPerPx': String(density) }
  const options = { binary: '/usr/bin/firefox-esr', args: ['-headless'], prefs }
  return { browserName: 'firefox', 'moz:firefoxOptions': options }
}

function webkit(): object {
  return {
    browserName: 'MiniBrowser',
    // With another strategy, it answers no command until the page has loaded, and earlier states cannot be seen.
    pageLoadStrategy: 'none',
    'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
  }
}

/** Returns the path of WebKit's MiniBrowser, installed next to the library with the newest API version. */
function miniBrowser(): string {
  const LIBRARIES = '/usr/lib'
  const folders = readdirSync(LIBRARIES).flatMap((machine) => {
    const folder = join(LIBRARIES, machine)
    const versions = machine.includes('-linux-') ? readdirSync(folder) : []
    return versions.filter((name) => name.startsWith('webkit2gtk-4.')).map((name) => join(folder, name, 'MiniBrowser'))
  })
  const binary = folders.filter((path) => existsSync(path)).sort().at(-1)
  if (!binary) throw new Error('There is no MiniBrowser: `apt-get install webkit2gtk-driver` brings it.')
  return binary
}
