import { expect } from '@playwright/test'
import { violations } from '../support/axe.ts'
import { overflows, NARROW } from '../support/reflow.ts'
import { STATES } from '../support/states.ts'
import { LANGUAGES, test, THEMES } from '../support/browser-matrix.ts'

for (const language of LANGUAGES) {
  for (const state of STATES.filter(({ scripts }) => scripts)) {
    test(`${state.name}: can be read, heard and used, in ${language}`, async ({ matrixFor }) => {
      const matrix = await matrixFor(language)
      await matrix.show(state, async ({ page }) => {
        await expect(page.locator('html')).toHaveAttribute('lang', language)
        for (const colorScheme of THEMES) {
          await page.emulateMedia({ colorScheme })
          expect(await violations(page), colorScheme).toEqual([])
        }
        for (const width of NARROW) expect(await overflows(page, width)).toEqual([])
      })
    })
  }
}
