import type { Page } from '@playwright/test'

/** Margin after an expiry time, in milliseconds, for the server's rounding of expiry times. */
const MARGIN = 1_000

interface StoredTimes {
  access_token?: string
  access_expires_at?: string | number
  session_expires_at?: string | number
}

/** Reads the session from the page's local storage. */
async function storedTimes(page: Page): Promise<StoredTimes> {
  const text = await page.evaluate(() => localStorage.getItem('latchkey.session'))
  return JSON.parse(text ?? '{}') as StoredTimes
}

/** Returns the access token's expiry in milliseconds: the later of the server's (`exp`) and the page's own. */
async function tokenEnd(page: Page): Promise<number> {
  const { access_token, access_expires_at } = await storedTimes(page)
  const [, payload = ''] = (access_token ?? '').split('.')
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number }
  return Math.max(exp * 1000, new Date(access_expires_at ?? '').getTime())
}

/** Waits until the page's access token has expired, also if the page refreshes it once more ahead of time meanwhile. */
export async function untilTheTokenHasEnded(page: Page): Promise<void> {
  await until(page, () => tokenEnd(page))
}

/** Waits until the session has been unused for so long that its refresh token has expired. */
export async function untilTheSessionIsOver(page: Page): Promise<void> {
  await until(page, async () => new Date((await storedTimes(page)).session_expires_at ?? '').getTime())
}

async function until(page: Page, end: () => Promise<number>): Promise<void> {
  for (let rest = await remaining(end); rest > 0; rest = await remaining(end)) {
    await page.waitForTimeout(rest)
  }
}

async function remaining(end: () => Promise<number>): Promise<number> {
  const rest = (await end()) + MARGIN - Date.now()
  if (Number.isNaN(rest)) throw new Error('the page does not know when that ends')
  return rest
}
