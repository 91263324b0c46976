import type { Page } from '@playwright/test'

/** Modes of page translators: some replace text nodes by elements, some change the text in place. */
export const TRANSLATION_MODES = ['in elements of its own', 'in place'] as const
export type TranslationMode = (typeof TRANSLATION_MODES)[number]

/** Matches translated text: marked by brackets, with the original inside, so that a test can read it. */
export const TRANSLATED = /^⟦.*⟧$/s

/** Translates the page: its current text, and all text that is added or changed later. */
export async function translate(page: Page, mode: TranslationMode): Promise<void> {
  await page.evaluate((mode) => {
    const replaced = (text: Text) => {
      const outer = document.createElement('font')
      const inner = document.createElement('font')
      outer.style.verticalAlign = inner.style.verticalAlign = 'inherit'
      inner.textContent = `⟦${text.data}⟧`
      outer.append(inner)
      text.replaceWith(outer)
    }
    const rewritten = (text: Text) => (text.data = `⟦${text.data}⟧`)
    const skipped = 'script, style, noscript, textarea, [translate=no]'
    const translateAll = () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      const found: Text[] = []
      while (walker.nextNode()) found.push(walker.currentNode as Text)
      for (const text of found) {
        if (!text.data.trim() || text.data.startsWith('⟦') || text.parentElement?.closest(skipped)) continue
        if (mode === 'in place') rewritten(text)
        else replaced(text)
      }
    }
    translateAll()
    document.documentElement.classList.add('translated-ltr')
    new MutationObserver(translateAll).observe(document.body, { childList: true, subtree: true, characterData: true })
  }, mode)
}

/** Returns the visible text without translation marks, numbers and relative times; the latter change by themselves. */
export function visibleText(page: Page): Promise<string> {
  return page.evaluate(() =>
    [...document.body.children]
      // Toasts disappear by themselves.
      .filter((part): part is HTMLElement => part instanceof HTMLElement && !part.matches('script, noscript, .toasts'))
      .map((part) => part.innerText)
      .join('\n')
      .replace(/[⟦⟧]/g, '')
      .replace(/(in\s)?\d+\s(second|minute|hour|day)s?(\sago)?|\bnow\b/g, '#')
      .replace(/(\d+(일|시간|분|초)\s*)+(전|후)?|지금/g, '#')
      .replace(/\d+/g, '#')
      .replace(/\s+/g, ' '),
  )
}
