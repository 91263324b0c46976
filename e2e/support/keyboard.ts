import { expect, type Locator, type Page } from '@playwright/test'

/** Limit for Tab stops: more than any page has. */
const STOPS = 60

/** Presses Tab until the target has the focus; asserts that the focus is visible at every stop on the way. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible()
  const passed: string[] = []
  for (let stop = 0; stop < STOPS; stop += 1) {
    await page.keyboard.press('Tab')
    passed.push(await focusSeen(page))
    if (await hasFocus(target)) return
  }
  throw new Error(`Tab never gets there. It passes ${passed.join(', ')}`)
}

/** Moves to the field by Tab and replaces its value. */
export async function typeInto(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field)
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(text)
}

export function hasFocus(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element === document.activeElement)
}

/** Returns true if the focus is on the target or inside of it. */
export function holdsFocus(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element.contains(document.activeElement))
}

/** Returns a name for the focused element, after asserting that its focus is visible. */
async function focusSeen(page: Page): Promise<string> {
  const { name, shows } = await page.evaluate(() => {
    const element = document.activeElement ?? document.body
    // A custom-drawn radio button or checkbox shows the focus around its label.
    const around = [element, element.closest('label')].filter((one) => one !== null).map((one) => getComputedStyle(one))
    const outside = element === document.body
    const name = `${element.localName}${element.id && `#${element.id}`} ${element.textContent?.trim().slice(0, 20) ?? ''}`
    return { name, shows: outside || around.some(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) }
  })
  expect(shows, `the focus can be seen on ${name}`).toBe(true)
  return name
}
