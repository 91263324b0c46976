import type { BrowserContext, Page } from '@playwright/test'

/** What all tabs know of the session, as local storage holds it. */
export interface StoredSession {
  state?: 'signed_in' | 'signed_out' | 'signing_out' | 'key_lost'
  sid?: string
  access_token?: string
  generation?: number
  reason?: string
  remembered?: boolean
}

export async function storedSession(page: Page): Promise<StoredSession> {
  const text = await page.evaluate(() => localStorage.getItem('latchkey.session'))
  return JSON.parse(text ?? '{}') as StoredSession
}

/** Closes the browser: what it has stored is there when it is opened again, and cookies without a date are not. */
export async function closeBrowser(context: BrowserContext): Promise<void> {
  await Promise.all(context.pages().map((page) => page.close()))
  const lasting = (await context.cookies()).filter(({ expires }) => expires !== -1)
  await context.clearCookies()
  await context.addCookies(lasting)
}

/** Keeps the browser from storing anything, cookies apart. */
export async function blockStorage(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get: () => {
        throw new DOMException('blocked', 'SecurityError')
      },
    })
  })
}

/** The refresh token that the browser holds, as a thief would copy it. */
export async function refreshToken(context: BrowserContext): Promise<string> {
  const cookie = (await context.cookies()).find(({ name }) => name.includes('latchkey_refresh'))
  if (!cookie) throw new Error('the browser holds no refresh token')
  return cookie.value
}

/** Shows a refresh token to the server from elsewhere; the code that it is refused with, or `none`. */
export async function refreshFromElsewhere(url: string, token: string): Promise<string> {
  const answer = await fetch(`${url}/api/auth/refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh_token: token }),
  })
  const { code = 'none' } = (await answer.json()) as { code?: string }
  return code
}

/** The name of the mark that says that the browser holds a session: an origin with a port of its own has a mark of its own. */
export function hintCookieName(url: string): string {
  return `latchkey_hint_${new URL(url).port}`
}
