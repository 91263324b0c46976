import type { BrowserContext, Page } from '@playwright/test'

/** Session state that all tabs share in local storage. */
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

/** Simulates closing the browser: storage and persistent cookies stay, session cookies are deleted. */
export async function closeBrowser(context: BrowserContext): Promise<void> {
  await Promise.all(context.pages().map((page) => page.close()))
  const lasting = (await context.cookies()).filter(({ expires }) => expires !== -1)
  await context.clearCookies()
  await context.addCookies(lasting)
}

/** Blocks local storage; cookies still work. */
export async function blockStorage(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get: () => {
        throw new DOMException('blocked', 'SecurityError')
      },
    })
  })
}

/** Returns the browser's refresh token, as a thief would copy it. */
export async function refreshToken(context: BrowserContext): Promise<string> {
  const cookie = (await context.cookies()).find(({ name }) => name.includes('latchkey_refresh'))
  if (!cookie) throw new Error('the browser holds no refresh token')
  return cookie.value
}

/** Sends a refresh token to the server from outside the browser; returns the error code, or `none`. */
export async function refreshFromElsewhere(url: string, token: string): Promise<string> {
  const answer = await fetch(`${url}/api/auth/refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh_token: token }),
  })
  const { code = 'none' } = (await answer.json()) as { code?: string }
  return code
}

/** Returns the name of the hint cookie, which says that the browser has a session; it differs for each port. */
export function hintCookieName(url: string): string {
  return `latchkey_hint_${new URL(url).port}`
}
