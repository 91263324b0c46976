import { readFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize, resolve } from 'node:path'
import { Faults, matches, type Fault, type Match } from './faults.ts'
import { cacheControl, PAGE_HEADERS } from './headers.ts'
import { listen } from './ports.ts'

/** The folder with the built page. */
export const PAGE = resolve(process.env.LATCHKEY_PAGE ?? join(import.meta.dirname, '../../dist'))

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

/** One request that the origin saw. */
export interface Exchange {
  method: string
  path: string
  /** Whether the browser asked for a whole document: a load or a reload of the page. */
  document: boolean
  fault?: Fault
  /** What was answered; nothing while it is under way, and when the connection broke. */
  status?: number
}

/** The one address that a browser sees: the built page, and the API behind it, with faults by rule. */
export class Origin {
  readonly faults = new Faults()
  readonly exchanges: Exchange[] = []
  private apiPort = 0

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) => void this.serve(asked, answer))
  }

  static async start(): Promise<Origin> {
    const server = createServer()
    return new Origin(server, await listen(server))
  }

  get url(): string {
    return `http://localhost:${this.port}`
  }

  /** Passes /api and /.well-known on to this port. */
  passOnTo(apiPort: number): void {
    this.apiPort = apiPort
  }

  /** The requests that match, in the order in which they came. */
  seen(match: Match): Exchange[] {
    return this.exchanges.filter(({ method, path }) => matches(match, method, path))
  }

  /** How often a whole document was asked for. */
  get documents(): number {
    return this.exchanges.filter((exchange) => exchange.document).length
  }

  async end(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done))
    this.server.closeAllConnections()
    await closed
  }

  private async serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(asked.url ?? '/', this.url)
    const method = asked.method ?? 'GET'
    const exchange: Exchange = { method, path, document: asked.headers['sec-fetch-dest'] === 'document' }
    this.exchanges.push(exchange)
    // On a connection that it used before, a browser repeats a broken request by itself: the page would not see the fault.
    answer.shouldKeepAlive = false
    answer.once('finish', () => (exchange.status = answer.statusCode))
    const fault = this.faults.meet(method, path)
    if (fault) exchange.fault = fault
    if (fault?.kind === 'cut') {
      asked.socket.destroy()
    } else if (fault?.kind === 'answer') {
      asked.resume()
      answer.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(fault.body ?? '{}')
    } else {
      if (fault?.kind === 'delay') await new Promise((later) => setTimeout(later, fault.milliseconds))
      if (/^\/(api|\.well-known)\//.test(path)) this.passOn(asked, answer, fault)
      else await sendFile(path, answer)
    }
  }

  private passOn(asked: IncomingMessage, answer: ServerResponse, fault: Fault | undefined): void {
    const { method, url: path, headers } = asked
    const onward = request({ host: '127.0.0.1', port: this.apiPort, method, path, headers, agent: false })
    onward.on('response', (response) => {
      if (fault?.kind === 'lose the answer') {
        response.resume()
        response.once('end', () => asked.socket.destroy())
      } else {
        answer.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(answer)
      }
    })
    // As a reverse proxy answers when nobody is behind it.
    onward.on('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()))
    asked.pipe(onward)
  }
}

/** A file of the page; a path without an extension is a deep link, which the page itself understands. */
async function sendFile(path: string, answer: ServerResponse): Promise<void> {
  const file = normalize(extname(path) === '' ? '/index.html' : decodeURIComponent(path))
  try {
    const content = await readFile(join(PAGE, file))
    const type = TYPES[extname(file)] ?? 'application/octet-stream'
    answer.writeHead(200, { ...PAGE_HEADERS, 'content-type': type, 'cache-control': cacheControl(file) })
    answer.end(content)
  } catch {
    answer.writeHead(404, { ...PAGE_HEADERS, 'cache-control': 'no-cache' }).end()
  }
}
