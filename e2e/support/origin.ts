import { readFile } from 'node:fs/promises'
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize, resolve } from 'node:path'
import { Faults, matches, type Fault, type Match } from './faults.ts'
import { cacheControl, PAGE_HEADERS } from './headers.ts'
import { listen } from './ports.ts'

/** Folder with the built page. */
export const PAGE = resolve(process.env.LATCHKEY_PAGE ?? join(import.meta.dirname, '../../dist'))

/** Folder with the developers' build of the page. */
export const DEVELOPERS_PAGE = resolve(process.env.LATCHKEY_DEVELOPERS_PAGE ?? join(PAGE, '../page-of-developers'))

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

/** Request header in which a tab identifies itself. */
export const TAB = 'x-tab'

/** Request that reached the origin, and its outcome. */
export interface Exchange {
  method: string
  path: string
  /** Tab that sent it, if tabs identify themselves. */
  tab: string
  /** Arrival time, in milliseconds since the Unix epoch. */
  at: number
  /** True if the browser requested a document: a load or a reload of the page. */
  document: boolean
  faults: Fault[]
  /** DPoP proof of the browser's key, if the request had one. */
  proof?: string
  /** Status of the response; undefined while the request is pending, and if the connection broke. */
  status?: number
}

/** Origin that the browser connects to: serves the built page, proxies the API, and injects faults by rule. */
export class Origin {
  readonly faults = new Faults()
  readonly exchanges: Exchange[] = []
  /** Folder from which files are served. */
  page = PAGE
  private apiPort = 0
  /** Releases the response that waits to be overtaken. */
  private overtaken: (() => void) | undefined

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

  /** Sets the port to which /api and /.well-known are proxied. */
  passOnTo(apiPort: number): void {
    this.apiPort = apiPort
  }

  /** Returns the requests that match, in order of arrival. */
  seen(match: Match): Exchange[] {
    return this.exchanges.filter(({ method, path }) => matches(match, method, path))
  }

  /** Number of document requests. */
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
    const sent = { method, path, tab: String(asked.headers[TAB] ?? '') }
    const cameAt = Date.now()
    const faults = this.faults.faultsFor(sent)
    const document = asked.headers['sec-fetch-dest'] === 'document'
    const exchange: Exchange = { ...sent, at: cameAt, document, faults }
    const { dpop } = asked.headers
    if (typeof dpop === 'string') exchange.proof = dpop
    this.exchanges.push(exchange)
    // A browser retries a request by itself when a reused connection breaks: the page would not see the fault.
    answer.shouldKeepAlive = false
    answer.once('finish', () => (exchange.status = answer.statusCode))
    answer.once('close', () => this.faults.completed(sent, cameAt, exchange.status))
    const instead = find(faults, 'answer')
    await this.wait(faults)
    if (find(faults, 'cut')) {
      asked.socket.destroy()
    } else if (instead) {
      asked.resume()
      say(answer, instead)
    } else if (/^\/(api|\.well-known)\//.test(path)) {
      await this.passOn(asked, answer, faults)
    } else {
      await sendFile(this.page, path, answer)
    }
  }

  private async passOn(asked: IncomingMessage, answer: ServerResponse, faults: Fault[]): Promise<void> {
    try {
      const body = Buffer.concat(await asked.toArray())
      if (find(faults, 'duplicate')) await this.ask(asked, body)
      const { status, headers, text } = await this.ask(asked, body)
      const instead = find(faults, 'replace the answer')
      await this.hold(faults)
      if (find(faults, 'lose the answer')) {
        asked.socket.destroy()
      } else if (instead) {
        say(answer, instead)
      } else if (find(faults, 'truncate the answer')) {
        const { 'content-length': _, ...others } = headers
        answer.writeHead(status, others).end(text.subarray(0, text.length / 2))
      } else {
        answer.writeHead(status, headers).end(text)
      }
    } catch {
      // A reverse proxy responds like this when its upstream is down.
      if (answer.headersSent) answer.destroy()
      else answer.writeHead(502).end()
    }
  }

  /** Sends the request to the API and returns its complete response. */
  private ask({ method, url: path, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onward = request({ host: '127.0.0.1', port: this.apiPort, method, path, headers, agent: false })
      onward.once('error', reject)
      onward.once('response', (response: IncomingMessage) => {
        const { statusCode: status = 502, headers } = response
        response.toArray().then((chunks) => resolve({ status, headers, text: Buffer.concat(chunks) }), reject)
      })
      onward.end(body)
    })
  }

  /** Applies the faults that delay the request. */
  private async wait(faults: Fault[]): Promise<void> {
    await pause(find(faults, 'delay')?.milliseconds ?? 0)
    await find(faults, 'hold')?.until
    await pause(this.faults.rng.next() * (find(faults, 'jitter')?.milliseconds ?? 0))
  }

  /** Applies the faults that delay the response. */
  private async hold(faults: Fault[]): Promise<void> {
    await pause(this.faults.rng.next() * (find(faults, 'jitter')?.milliseconds ?? 0))
    const reorder = find(faults, 'reorder')
    this.overtaken?.()
    this.overtaken = undefined
    if (reorder) {
      const overtaken = new Promise<void>((resolve) => (this.overtaken = resolve))
      await Promise.race([overtaken, pause(reorder.milliseconds)])
      // The response that overtakes this one is on its way and needs time to arrive.
      await pause(OVERTAKING)
    }
  }
}

/** Response of the API. */
interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: Buffer
}

/** Delay of an overtaken response, in milliseconds: the other one has to arrive first, even on a busy machine. */
const OVERTAKING = 250

function find<Kind extends Fault['kind']>(faults: Fault[], kind: Kind): Extract<Fault, { kind: Kind }> | undefined {
  return faults.find((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind)
}

function say(answer: ServerResponse, { status, body, headers }: Said): void {
  answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body ?? '{}')
}

type Said = Extract<Fault, { status: number }>

/** Waits; zero milliseconds means no wait at all, not even a timer. */
async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((later) => setTimeout(later, milliseconds))
}

/** Sends a file of the page; a path without an extension is a deep link and gets index.html, which routes by itself. */
async function sendFile(page: string, path: string, answer: ServerResponse): Promise<void> {
  const file = normalize(extname(path) === '' ? '/index.html' : decodeURIComponent(path))
  try {
    const content = await readFile(join(page, file))
    const type = TYPES[extname(file)] ?? 'application/octet-stream'
    answer.writeHead(200, { ...PAGE_HEADERS, 'content-type': type, 'cache-control': cacheControl(file) })
    answer.end(content)
  } catch {
    answer.writeHead(404, { ...PAGE_HEADERS, 'cache-control': 'no-cache' }).end()
  }
}
