import type { Page } from '@playwright/test'

/** Failures that a person in front of a tab has seen. */
export interface Observations {
  /** Texts of the session bar, which reports problems with the server. */
  bars: string[]
  /** Texts of the alerts that reported a failed request. */
  errors: string[]
  /** Number of appearances of the dialog that asks for the password, or of the sign-in page. */
  signOuts: number
}

declare global {
  interface Window {
    observations: Observations
  }
}

/** Starts counting; even the shortest appearance counts, since the observer runs before the browser draws. */
export async function startObserver(page: Page): Promise<void> {
  await page.evaluate(() => {
    const observations: Observations = { bars: [], errors: [], signOuts: 0 }
    window.observations = observations
    let before = { bar: '', error: '', signOut: '' }
    const look = () => {
      const text = (selector: string) =>
        [...document.querySelectorAll(selector)].map((element) => element.textContent?.trim() ?? '').join('')
      const now = {
        bar: text('[data-testid=session-bar]'),
        error: text('[role=alert]'),
        signOut: location.pathname === '/login' ? location.pathname : text('dialog[aria-labelledby=again-title]'),
      }
      if (now.bar && !before.bar) observations.bars.push(now.bar)
      if (now.error && !before.error) observations.errors.push(now.error)
      if (now.signOut && !before.signOut) observations.signOuts += 1
      before = now
    }
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true })
    look()
  })
}

/** Returns the sum of the observations in these tabs. */
export async function observations(pages: Page[]): Promise<Observations> {
  const all = await Promise.all(pages.map((page) => page.evaluate(() => window.observations)))
  const sum = (count: (seen: Observations) => number) => all.reduce((total, seen) => total + count(seen), 0)
  return {
    bars: all.flatMap(({ bars }) => bars),
    errors: all.flatMap(({ errors }) => errors),
    signOuts: sum(({ signOuts }) => signOuts),
  }
}
