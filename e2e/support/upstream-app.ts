import { createServer, type Server } from 'node:http'
import { listen } from './ports.ts'

/** Request that has reached the app. */
export interface UpstreamCall {
  method: string
  path: string
  authorization: string | undefined
  body: string
}

/** Third-party app behind a proxy, which records its requests. A path such as `/429` is answered with that status. */
export class UpstreamApp {
  readonly calls: UpstreamCall[] = []

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('request', (asked, answer) => {
      void asked.toArray().then((chunks: Buffer[]) => {
        const { method = '', url: path = '', headers } = asked
        this.calls.push({ method, path, authorization: headers.authorization, body: Buffer.concat(chunks).toString() })
        const status = Number(/^\/(\d{3})$/.exec(path)?.[1] ?? (method === 'OPTIONS' ? 204 : 200))
        answer.writeHead(status, { 'access-control-allow-origin': '*', 'x-app': 'yes' })
        answer.end(method === 'OPTIONS' || method === 'HEAD' ? undefined : "the app's own answer")
      })
    })
  }

  static async start(): Promise<UpstreamApp> {
    const server = createServer()
    return new UpstreamApp(server, await listen(server))
  }

  async end(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done))
    this.server.closeAllConnections()
    await closed
  }
}
