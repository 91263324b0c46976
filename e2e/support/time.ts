import type { Page } from '@playwright/test'

/** A second more than the server's own rounding of expiry times. */
const MARGIN = 1_000

interface Kept {
  access_token?: string
  session_expires_at?: string
}

/** What the page keeps of the session in its local storage. */
async function kept(page: Page): Promise<Kept> {
  const text = await page.evaluate(() => localStorage.getItem('latchkey.session'))
  return JSON.parse(text ?? '{}') as Kept
}

/** When the access token ends that the page holds at this moment. */
async function tokenEnd(page: Page): Promise<number> {
  const [, payload = ''] = (await accessToken(page)).split('.')
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number }
  return exp * 1000
}

export async function accessToken(page: Page): Promise<string> {
  const { access_token } = await kept(page)
  if (!access_token) throw new Error('the page holds no access token')
  return access_token
}

/** Waits until the page holds a token that has ended: it may trade one more ahead of time, while the person was active. */
export async function untilTheTokenHasEnded(page: Page): Promise<void> {
  await until(page, () => tokenEnd(page))
}

/** Waits until the session has been unused for so long that its refresh token is over. */
export async function untilTheSessionIsOver(page: Page): Promise<void> {
  await until(page, async () => Date.parse((await kept(page)).session_expires_at ?? ''))
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
