import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Site } from './caddy.ts'
import { Program } from './program.ts'
import { replaced } from './samples.ts'

export const NGINX_CONF = resolve(import.meta.dirname, '../../deploy/nginx.conf')

/** Returns the directives outside of `server` blocks with which nginx runs from `folder`, as a process of the test. */
export function inFolder(folder: string): { main: string; http: string } {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`)
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return {
    main: `${user}\ndaemon off;\nworker_processes 1;\npid ${folder}/pid;\nerror_log stderr;\n`,
    http: `access_log off;\n${temporary.join('\n')}\n`,
  }
}

/** Starts nginx from `folder` with this configuration, and waits until `readyUrl` responds. */
export async function runNginx(folder: string, text: string, readyUrl: string): Promise<Program> {
  const config = join(folder, 'nginx.conf')
  await writeFile(config, text)
  return await Program.start({
    name: 'nginx',
    path: 'nginx',
    args: ['-c', config, '-p', folder, '-e', 'stderr'],
    cwd: folder,
    env: {},
    readyUrl,
  })
}

/** Starts the real nginx with deploy/nginx.conf on the loopback, without a certificate. */
export async function startNginx(folder: string, { url, page, apiPort }: Site): Promise<Program> {
  const { main, http } = inFolder(folder)
  const { port } = new URL(url)
  const text = replaced(await readFile(NGINX_CONF, 'utf8'), {
    'user www-data;\n': main,
    'server_tokens off;\n': `server_tokens off;\n${http}`,
    'listen 80;': 'listen unix:redirect.sock;',
    'listen 443 ssl;': `listen 127.0.0.1:${port};`,
    'ssl_certificate /etc/letsencrypt/live/id.example.org/fullchain.pem;': '',
    'ssl_certificate_key /etc/letsencrypt/live/id.example.org/privkey.pem;': '',
    'server 127.0.0.1:3000;': `server 127.0.0.1:${apiPort};`,
    '/srv/latchkey/page': page,
  })
  return await runNginx(folder, text, `${url}/api/health/ready`)
}
