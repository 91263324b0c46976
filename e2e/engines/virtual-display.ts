import { spawn, type ChildProcess } from 'node:child_process'

/** Virtual X display in memory (Xvfb): WebKit has no headless mode. */
export class VirtualDisplay {
  private constructor(
    private readonly child: ChildProcess,
    readonly display: string,
  ) {}

  /** Starts a display; the X server itself chooses a free number. */
  static async start(): Promise<VirtualDisplay> {
    const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    const display = await new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)))
      child.stdio[3]?.once('data', (number: Buffer) => resolve(`:${number.toString().trim()}`))
    })
    return new VirtualDisplay(child, display)
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGTERM')
    await gone
  }
}
