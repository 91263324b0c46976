import type { Page } from '@playwright/test'

/** The narrowest phone, and a desk of 1280 px at a zoom of 200 %. */
export const NARROW = [320, 640]

/** What does not fit into this width: a page that scrolls sideways, or text that is cut off. */
export async function misfits(page: Page, width: number): Promise<string[]> {
  await page.setViewportSize({ width, height: 800 })
  return page.evaluate((width) => {
    const name = (element: Element) => `${element.localName}.${[...element.classList].join('.')}`
    const found: string[] = []
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth) found.push(`the page scrolls sideways at ${width} px`)
    for (const element of document.querySelectorAll('h1, h2, p, a, button, label, input, select, li, td, th, pre')) {
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || isHidden(element)) continue
      const { left, right } = element.getBoundingClientRect()
      if (left < -1 || right > root.clientWidth + 1) found.push(`${name(element)} leaves the screen at ${width} px`)
    }
    return [...new Set(found)]

    /** For the eyes; screen readers read it. */
    function isHidden(element: Element): boolean {
      for (let up: Element | null = element; up; up = up.parentElement) {
        const { clipPath } = getComputedStyle(up)
        if (clipPath.startsWith('inset(50%')) return true
      }
      return false
    }
  }, width)
}
