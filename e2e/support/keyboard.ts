import { expect, type Locator, type Page } from '@playwright/test'

/** More stops than any page has. */
const STOPS = 60

/** Presses Tab until this has the focus; every stop on the way must be one that a person can see. */
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

/** Types into the field that Tab leads to, in place of what it holds. */
export async function typeInto(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field)
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(text)
}

export function hasFocus(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element === document.activeElement)
}

/** Whether the focus is inside of this, or on it. */
export function holdsFocus(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element.contains(document.activeElement))
}

/** What has the focus, after making sure that it shows. */
async function focusSeen(page: Page): Promise<string> {
  const { name, shows } = await page.evaluate(() => {
    const element = document.activeElement ?? document.body
    // A drawn choice shows the focus around its label.
    const around = [element, element.closest('label')].filter((one) => one !== null).map((one) => getComputedStyle(one))
    const outside = element === document.body
    const name = `${element.localName}${element.id && `#${element.id}`} ${element.textContent?.trim().slice(0, 20) ?? ''}`
    return { name, shows: outside || around.some(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) }
  })
  expect(shows, `the focus can be seen on ${name}`).toBe(true)
  return name
}
