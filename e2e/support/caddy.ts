import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CADDYFILE } from './headers.ts'
import { Program } from './program.ts'

export interface Site {
  /** Public URL of the site. */
  url: string
  /** Folder with the built page. */
  page: string
  /** Port on which the API listens on the loopback. */
  apiPort: number
  /** Further sites, in Caddyfile syntax. */
  more?: string
  /** Further directives of this site, inserted before its last block, which serves the files of the page. */
  within?: string
}

/** Starts the real Caddy with deploy/Caddyfile on the loopback; its data is stored in `folder`. */
export async function startCaddy(folder: string, { url, page, apiPort, more = '', within = '' }: Site): Promise<Program> {
  const config = join(folder, 'Caddyfile')
  const text = await readFile(CADDYFILE, 'utf8')
  // The original file listens on all interfaces, which a test must not do.
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
