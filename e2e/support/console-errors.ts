import type { BrowserContext } from '@playwright/test'

/** What the browser complains about: errors in the console, errors of the page, violations of the content policy. */
export class ConsoleErrors {
  private readonly all: string[] = []
  private readonly expected: RegExp[] = []

  watch(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error') this.all.push(`${message.text()} (${message.location().url})`)
    })
    context.on('weberror', (error) => this.all.push(`uncaught: ${error.error().message}`))
  }

  /** The test provokes complaints like this. */
  expect(...patterns: RegExp[]): void {
    this.expected.push(...patterns)
  }

  get unexpected(): string[] {
    return this.all.filter((error) => !this.expected.some((pattern) => pattern.test(error)))
  }
}

/** The browser notes every answer of this status in its console. */
export function httpError(status: number, path = ''): RegExp {
  return new RegExp(`status of ${status} .*${path}`)
}

/** The browser notes every connection that breaks. */
export const CONNECTION_BROKE = /net::ERR_(EMPTY_RESPONSE|CONNECTION_\w+|SOCKET_NOT_CONNECTED|INTERNET_DISCONNECTED)/
