import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CADDYFILE } from './headers.ts'
import { Program } from './program.ts'

export interface Site {
  /** Where people open it. */
  url: string
  /** The folder with the page. */
  page: string
  /** Where the API listens. */
  apiPort: number
  /** Further sites, in the words of a Caddyfile. */
  more?: string
  /** Further parts of this site, which come before its last one: the files of the page. */
  within?: string
}

/** The real Caddy with deploy/Caddyfile, on the loopback; what it keeps lies in `folder`. */
export async function startCaddy(folder: string, { url, page, apiPort, more = '', within = '' }: Site): Promise<Program> {
  const config = join(folder, 'Caddyfile')
  const text = await readFile(CADDYFILE, 'utf8')
  // As it stands it listens for the whole network; here it must not.
  const local = text.replace(/^\{$/m, '{\n\tdefault_bind 127.0.0.1')
  await writeFile(config, local.replace(/^\thandle \{$/m, (last) => `${within}${last}`) + more)
  return await Program.start({
    name: 'Caddy',
    path: 'caddy',
    args: ['run', '--config', config, '--adapter', 'caddyfile'],
    cwd: folder,
    env: {
      HOME: folder,
      CADDY_ADMIN: 'off',
      LATCHKEY_SITE: url,
      LATCHKEY_PAGE: page,
      LATCHKEY_UPSTREAM: `127.0.0.1:${apiPort}`,
    },
    readyUrl: `${url}/api/health/ready`,
  })
}
