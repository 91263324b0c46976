import type { Page } from '@playwright/test'

/** Narrow widths in pixels: the narrowest phone, and a 1280 px desktop window at a zoom of 200 %. */
export const NARROW = [320, 640]

/** Common widths in pixels: a phone, a tablet, a desktop and a wide desktop; for states without an error. */
export const COMMON = [390, 768, 1280, 1920]

/** Returns what does not fit into this width: a page that scrolls sideways, elements off the screen, cut-off text. */
export async function overflows(page: Page, width: number): Promise<string[]> {
  await page.setViewportSize({ width, height: 800 })
  return page.evaluate((width) => {
    const name = (element: Element) => `${element.localName}.${[...element.classList].join('.')}`
    const found: string[] = []
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth) found.push(`the page scrolls sideways at ${width} px`)
    for (const element of document.querySelectorAll('h1, h2, p, a, button, label, input, select, li, td, th, pre')) {
      if (isHidden(element)) continue
      const { left, right } = element.getBoundingClientRect()
      if (left < -1 || right > root.clientWidth + 1) found.push(`${name(element)} leaves the screen at ${width} px`)
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement
      if (!element || !text.nodeValue?.trim() || element.localName === 'option' || isHidden(element)) continue
      const cutter = cutsOff(text, element)
      if (cutter) found.push(`"${text.nodeValue.trim().slice(0, 30)}" is cut off by ${name(cutter)} at ${width} px`)
    }
    // A select shows one of its options, in the space that its arrow leaves.
    for (const list of document.querySelectorAll('select')) {
      if (!isHidden(list) && list.scrollWidth > list.clientWidth) found.push(`${name(list)} cuts its choice off at ${width} px`)
    }
    for (const name of document.querySelectorAll('li > strong')) {
      const { width } = name.getBoundingClientRect()
      const letters = width / parseFloat(getComputedStyle(name).fontSize)
      if (name.checkVisibility() && !isHidden(name) && letters < Math.min(4, (name.textContent ?? '').length / 2)) found.push(`a name is squeezed at ${window.innerWidth} px`)
    }
    return [...new Set(found)]

    /** Returns the ancestor that permanently hides a part of this text; text in a scroll container can be reached. */
    function cutsOff(text: Node, element: Element): Element | undefined {
      const range = document.createRange()
      range.selectNodeContents(text)
      const lines = [...range.getClientRects()]
      for (let up: Element | null = element; up && up !== document.body; up = up.parentElement) {
        const { overflowX, overflowY, display } = getComputedStyle(up)
        if (display === 'inline') continue
        const box = up.getBoundingClientRect()
        const hides = (overflow: string) => overflow === 'hidden' || overflow === 'clip'
        const sideways = hides(overflowX) && lines.some(({ left, right }) => left < box.left - 1 || right > box.right + 1)
        const below = hides(overflowY) && lines.some(({ top, bottom }) => top < box.top - 1 || bottom > box.bottom + 1)
        if (sideways || below) return up
        if (!hides(overflowX) && overflowX !== 'visible') return undefined
      }
      return undefined
    }

    /** Returns true if the element is not drawn, or is there for screen readers only. */
    function isHidden(element: Element): boolean {
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return true
      for (let up: Element | null = element; up; up = up.parentElement) {
        if (getComputedStyle(up).clipPath.startsWith('inset(50%')) return true
      }
      return false
    }
  }, width)
}
