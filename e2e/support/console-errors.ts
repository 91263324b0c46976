import type { BrowserContext } from '@playwright/test'

/** Collector of browser errors: console errors, uncaught page errors, violations of the content security policy. */
export class ConsoleErrors {
  private readonly all: string[] = []
  private readonly expected: RegExp[] = []

  watch(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error') this.all.push(`${message.text()} (${message.location().url})`)
    })
    context.on('weberror', (error) => this.all.push(`uncaught: ${error.error().message}`))
  }

  /** Adds patterns of errors that the test provokes. */
  expect(...patterns: RegExp[]): void {
    this.expected.push(...patterns)
  }

  get unexpected(): string[] {
    return this.all.filter((error) => !this.expected.some((pattern) => pattern.test(error)))
  }
}

/** Matches the console error that the browser logs for a response with this status. */
export function httpError(status: number, path = ''): RegExp {
  return new RegExp(`status of ${status} .*${path}`)
}

/** Console error that the browser logs for a broken connection. */
export const CONNECTION_BROKE = /net::ERR_(EMPTY_RESPONSE|CONNECTION_\w+|SOCKET_NOT_CONNECTED|INTERNET_DISCONNECTED)/
