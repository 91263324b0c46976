import { violations } from '../support/axe.ts'
import { expect, test } from '../support/fixtures.ts'
import { STATES } from '../support/states.ts'
import { LANGUAGES, Theatre, THEMES } from '../support/theatre.ts'

// What is found says enough, and a trace of so many browsers takes longer than they do.
test.use({ trace: 'off', screenshot: 'off' })

/** The states are divided so that the machine's cores have something to share. */
const GROUPS = { 'nobody is signed in': false, 'somebody is signed in': true }

/** What the outline before WebAssembly and the card of the pages outside still lack: landmarks, and a heading. */
const KNOWN = /^(landmark-one-main|page-has-heading-one|region): (html|\.brand|\.shell-out)/

for (const language of LANGUAGES) {
  for (const [who, signedIn] of Object.entries(GROUPS)) {
    test(`axe finds nothing to object to where ${who}, in ${language}`, async ({ browser, origin }) => {
      test.slow()
      const theatre = await Theatre.open(browser, origin, language)
      // By what is wrong, not by where: one mistake in a part that all pages share is one mistake.
      const found: Record<string, string[]> = {}
      for (const state of STATES.filter((state) => state.scripts && state.signedIn === signedIn)) {
        await theatre.show(state, async ({ page }) => {
          for (const colorScheme of THEMES) {
            await page.emulateMedia({ colorScheme })
            for (const violation of await violations(page)) (found[violation] ??= []).push(`${state.name}, ${colorScheme}`)
          }
        })
      }
      expect(Object.entries(found).filter(([violation]) => !KNOWN.test(violation))).toEqual([])
    })
  }
}
