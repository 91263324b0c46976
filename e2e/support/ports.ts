import { createServer, type AddressInfo, type Server } from 'node:net'

/** Listens on the loopback and returns the port; port 0 lets the system choose. */
export function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** Returns a port that is free at the moment. */
export async function sparePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((closed) => server.close(closed))
  return port
}
