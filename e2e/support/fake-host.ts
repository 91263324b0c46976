import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join, resolve } from 'node:path'
import { listen } from './ports.ts'
import { runScript, stub, type ScriptResult, type Script } from './samples.ts'
import { BINARY, type Server } from './server.ts'

/** Matches the leading slash of the absolute paths that samples write to. */
const FOLDERS = /(?<![\w.$}\]/])\/(?=(?:usr\/local|etc|var\/lib|var\/backups|srv)\/)/g

const DEPLOY = resolve(import.meta.dirname, '../../deploy')

/** Fake machine as the documents describe it, below one folder; its `systemctl` and `docker` log their arguments. */
export class FakeHost {
  private constructor(readonly root: string) {}

  static async in(root: string): Promise<FakeHost> {
    const host = new FakeHost(root)
    for (const folder of ['bin', 'usr/local/bin', 'usr/local/sbin', 'etc/latchkey', 'etc/caddy', 'etc/systemd/system', 'var/lib', 'var/backups', 'srv']) {
      await mkdir(join(root, folder), { recursive: true })
    }
    await host.program('/usr/local/bin/latchkey')
    await stub(root, 'systemctl', SYSTEMCTL)
    await stub(root, 'docker', DOCKER)
    return host
  }

  /** Returns the path below this machine's folder. */
  path(path: string): string {
    return join(this.root, path)
  }

  async write(path: string, text: string, mode = 0o644): Promise<void> {
    await mkdir(dirname(this.path(path)), { recursive: true })
    await writeFile(this.path(path), text, { mode })
  }

  /** Writes a program that runs the binary under test with these environment variables. */
  async program(path: string, variables = ''): Promise<void> {
    await this.write(path, `#!/bin/sh\n${variables} exec ${BINARY} "$@"\n`, 0o755)
  }

  async read(path: string): Promise<string> {
    return await readFile(this.path(path), 'utf8')
  }

  /** Returns a sample with its absolute paths moved below this machine's folder. */
  local(text: string): string {
    return text.replace(FOLDERS, `${this.root}/`)
  }

  async run(text: string, env: Record<string, string> = {}, input = '', more: Partial<Script> = {}): Promise<ScriptResult> {
    return await runScript({ folder: this.root, text: this.local(text), env: { ROOT: this.root, ...env }, input, ...more })
  }

  /** Returns the arguments of every call of `systemctl` or `docker`, one line each. */
  async invocations(program: 'systemctl' | 'docker'): Promise<string[]> {
    const log = await readFile(this.path(`${program}.log`), 'utf8').catch(() => '')
    return log.split('\n').filter((line) => line !== '')
  }

  /** Creates the files that `cargo xtask dist` makes, with a page of one file. */
  async dist(): Promise<void> {
    for (const name of ['Caddyfile', 'Dockerfile', 'compose.yaml', 'latchkey.service']) {
      await writeFile(this.path(name), await readFile(join(DEPLOY, name)))
    }
    await this.program('latchkey', 'NEW_VERSION=1')
    await this.write('page/index.html', 'the new page')
  }
}

/** Lets `systemctl` and `docker compose` stop and start this server; `use` gets the variables with the control URL. */
export async function withServerControl<T>(server: Server, use: (env: Record<string, string>) => Promise<T>): Promise<T> {
  const control = createServer((asked, answer) => {
    const done = asked.url === '/stop' ? server.goAway() : server.comeBack()
    void done.then(() => answer.end(), () => answer.writeHead(500).end())
  })
  const port = await listen(control)
  try {
    return await use({ CONTROL: `http://127.0.0.1:${port}` })
  } finally {
    control.close()
  }
}

const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$ROOT/systemctl.log"
case "$*:\${CONTROL:-}" in
*:) ;;
'stop latchkey:'* | 'start latchkey:'*) exec curl --silent --show-error --fail "$CONTROL/$1" ;;
esac
`

/** Docker Compose as far as the samples use it: it first checks that every required variable is set. */
const DOCKER = `#!/bin/sh
set -eu
echo "$*" >> "$ROOT/docker.log"
if [ "$1" != compose ]; then exit 0; fi
shift
if [ -e .env ]; then . ./.env; fi
for name in $(sed -n 's/.*\${\\([A-Z_]*\\):?.*/\\1/p' compose.yaml); do
    eval "value=\\\${$name:-}"
    if [ -z "$value" ]; then echo "required variable $name is missing a value" >&2; exit 15; fi
done
command=$1
shift
case $command in
exec)
    if [ "$1" = -T ]; then shift; fi
    shift
    exec "$@"
    ;;
cp) cp "\${1#*:}" "$2" ;;
stop | start) exec curl --silent --show-error --fail "$CONTROL/$command" ;;
up) ;;
*) echo "unknown: $command" >&2; exit 1 ;;
esac
`
