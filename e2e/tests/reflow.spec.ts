import { expect, test } from '../support/fixtures.ts'
import { COMMON, overflows } from '../support/reflow.ts'
import { STATES } from '../support/states.ts'
import { LANGUAGES, BrowserMatrix } from '../support/browser-matrix.ts'

// The messages say enough without a screenshot.
test.use({ screenshot: 'off' })

/** States without an error. The others are tested only at the narrowest widths. */
const PLAIN = STATES.filter(({ name, scripts }) => scripts && !/[,:]/.test(name))

for (const language of LANGUAGES) {
  test(`every plain page fits a phone, a tablet and a desk, in ${language}`, async ({ browser, origin }) => {
    test.slow()
    expect(PLAIN.length).toBeGreaterThan(8)
    const matrix = await BrowserMatrix.open(browser, origin, language)
    for (const state of PLAIN) {
      await matrix.show(state, async ({ page }) => {
        for (const width of COMMON) expect(await overflows(page, width), state.name).toEqual([])
      })
    }
  })
}

test.describe('text that is cut off does not go unnoticed', () => {
  const LONG = 'a text that is much longer than the room that it has'
  for (const [how, html] of Object.entries({
    'at the side': `<p style="width: 80px; overflow: hidden; white-space: nowrap">${LONG}</p>`,
    'with an ellipsis': `<p style="width: 80px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis">${LONG}</p>`,
    below: `<p style="width: 80px; height: 20px; overflow: clip">${LONG}</p>`,
    'by what is around it': `<div style="width: 80px; overflow: hidden"><p style="width: 400px"><b>${LONG}</b></p></div>`,
  })) {
    test(how, async ({ page }) => {
      await page.setContent(html)
      expect(await overflows(page, 640)).toEqual([expect.stringContaining('is cut off by')])
    })
  }

  test('text that can be scrolled to is not cut off', async ({ page }) => {
    await page.setContent(`<pre style="width: 80px; overflow: auto">${LONG}</pre><p style="width: 80px">${LONG}</p>`)
    expect(await overflows(page, 640)).toEqual([])
  })
})
