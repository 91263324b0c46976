import { violations } from '../support/axe.ts'
import { expect, test } from '../support/fixtures.ts'
import { misfits, NARROW } from '../support/reflow.ts'
import { STATES } from '../support/states.ts'
import { LANGUAGES, Theatre, THEMES } from '../support/theatre.ts'

// What is found says enough, and a trace of so many browsers takes longer than they do.
test.use({ trace: 'off', screenshot: 'off' })

/** The states are divided so that the machine's cores have something to share. */
const GROUPS = { 'nobody is signed in': false, 'somebody is signed in': true }

for (const language of LANGUAGES) {
  for (const [who, signedIn] of Object.entries(GROUPS)) {
    test(`every state can be read, heard and used where ${who}, in ${language}`, async ({ browser, origin }) => {
      test.slow()
      const theatre = await Theatre.open(browser, origin, language)
      // By what is wrong, not by where: one mistake in a part that all pages share is one mistake.
      const found: Record<string, string[]> = {}
      for (const state of STATES.filter((state) => state.scripts && state.signedIn === signedIn)) {
        const note = (wrong: string[], where: string) => wrong.forEach((what) => (found[what] ??= []).push(where))
        await theatre.show(state, async ({ page }) => {
          const lang = await page.locator('html').getAttribute('lang')
          if (lang !== language) note([`lang is ${lang}`], state.name)
          for (const colorScheme of THEMES) {
            await page.emulateMedia({ colorScheme })
            note(await violations(page), `${state.name}, ${colorScheme}`)
          }
          for (const width of NARROW) note(await misfits(page, width), state.name)
        })
      }
      expect(Object.entries(found)).toEqual([])
    })
  }
}
