import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from '@playwright/test'
import type { AxeResults, RunOptions } from 'axe-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Rules that are checked: WCAG 2.0, 2.1 and 2.2, levels A and AA, and those that axe calls best practice. */
const RULES: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
}

/** Returns the violations that axe finds in the current page: one line for each element. */
export async function violations(page: Page): Promise<string[]> {
  // The script is injected through DevTools, so the content security policy need not allow it.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(SOURCE)
  const found = await page.evaluate(async (rules) => {
    const { axe } = window as unknown as { axe: { run: (rules: RunOptions) => Promise<AxeResults> } }
    return (await axe.run(rules)).violations
  }, RULES)
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary?.replaceAll(/\s+/g, ' ')}`),
  )
}
