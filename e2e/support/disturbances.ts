import type { Page } from '@playwright/test'

/** Sets a mark on the document, which a reload removes. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { marked: true }))
}

export function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => 'marked' in window)
}

/** Starts to record everything that disturbs a person: the session bar, a dialog, an error, the sign-in page. */
export async function watchForDisturbances(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = new Set<string>()
    Object.assign(window, { disturbances: seen })
    const look = () => {
      for (const element of document.querySelectorAll('[data-testid=session-bar], dialog[open], [role=alert]')) {
        if (element.checkVisibility() && element.textContent?.trim()) seen.add(element.textContent.trim())
      }
      if (location.pathname === '/login') seen.add('the sign-in page')
    }
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true })
  })
}

export function disturbances(page: Page): Promise<string[]> {
  return page.evaluate(() => [...(window as unknown as { disturbances: Set<string> }).disturbances])
}
