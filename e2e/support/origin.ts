import { readFile } from 'node:fs/promises'
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize, resolve } from 'node:path'
import { Faults, matches, type Fault, type Match } from './faults.ts'
import { cacheControl, PAGE_HEADERS } from './headers.ts'
import { listen } from './ports.ts'

/** The folder with the built page. */
export const PAGE = resolve(process.env.LATCHKEY_PAGE ?? join(import.meta.dirname, '../../dist'))

/** The folder with the page as developers have it. */
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

/** The header in which a tab names itself. */
export const TAB = 'x-tab'

/** One request that the origin saw. */
export interface Exchange {
  method: string
  path: string
  /** Which tab sent it, where the tabs say so. */
  tab: string
  /** When it came, in milliseconds. */
  at: number
  /** Whether the browser asked for a whole document: a load or a reload of the page. */
  document: boolean
  faults: Fault[]
  /** The proof of the browser's key that came along. */
  proof?: string
  /** What was answered; nothing while it is under way, and when the connection broke. */
  status?: number
}

/** The one address that a browser sees: the built page, and the API behind it, with faults by rule. */
export class Origin {
  readonly faults = new Faults()
  readonly exchanges: Exchange[] = []
  /** The folder whose files the browser gets. */
  page = PAGE
  private apiPort = 0
  /** Lets the answer go that waits to be overtaken. */
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
    const sent = { method, path, tab: String(asked.headers[TAB] ?? '') }
    const cameAt = Date.now()
    const faults = this.faults.faultsFor(sent)
    const document = asked.headers['sec-fetch-dest'] === 'document'
    const exchange: Exchange = { ...sent, at: cameAt, document, faults }
    const { dpop } = asked.headers
    if (typeof dpop === 'string') exchange.proof = dpop
    this.exchanges.push(exchange)
    // On a connection that it used before, a browser repeats a broken request by itself: the page would not see the fault.
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
      // As a reverse proxy answers when nobody is behind it.
      if (answer.headersSent) answer.destroy()
      else answer.writeHead(502).end()
    }
  }

  /** Asks the API; ends when the whole answer is here. */
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

  /** What happens to the request on its way. */
  private async wait(faults: Fault[]): Promise<void> {
    await pause(find(faults, 'delay')?.milliseconds ?? 0)
    await find(faults, 'hold')?.until
    await pause(this.faults.rng.next() * (find(faults, 'jitter')?.milliseconds ?? 0))
  }

  /** What happens to the answer on its way. */
  private async hold(faults: Fault[]): Promise<void> {
    await pause(this.faults.rng.next() * (find(faults, 'jitter')?.milliseconds ?? 0))
    const reorder = find(faults, 'reorder')
    this.overtaken?.()
    this.overtaken = undefined
    if (reorder) {
      const overtaken = new Promise<void>((resolve) => (this.overtaken = resolve))
      await Promise.race([overtaken, pause(reorder.milliseconds)])
      // The other answer is on its way: it gets the time to arrive.
      await pause(OVERTAKING)
    }
  }
}

/** An answer of the API. */
interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: Buffer
}

/** By how many milliseconds an answer that is overtaken comes later; the other has to arrive meanwhile, on a busy machine as well. */
const OVERTAKING = 250

function find<Kind extends Fault['kind']>(faults: Fault[], kind: Kind): Extract<Fault, { kind: Kind }> | undefined {
  return faults.find((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind)
}

function say(answer: ServerResponse, { status, body, headers }: Said): void {
  answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body ?? '{}')
}

type Said = Extract<Fault, { status: number }>

/** No time at all means: at once, not later. */
async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((later) => setTimeout(later, milliseconds))
}

/** A file of the page; a path without an extension is a deep link, which the page itself understands. */
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
