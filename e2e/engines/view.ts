import { expect } from '@playwright/test'
import { By, type WebDriver, type WebElement } from 'selenium-webdriver'

/** Window of any engine, with the few actions that a person has. Every action and assertion waits for its elements. */
export class View {
  constructor(
    readonly driver: WebDriver,
    private readonly url: string,
  ) {}

  /** Resizes the window to desktop size, so that nothing is below its edge. */
  async enlarge(): Promise<void> {
    await this.driver.manage().window().setRect({ x: 0, y: 0, width: 1280, height: 1150 })
  }

  /** Resizes the viewport, without the window's frame, to this size in pixels, or as near as the engine allows. */
  async measure(width: number, height: number): Promise<void> {
    const seen: string[] = []
    await expect
      .poll(async () => {
        const [wide, high] = await this.ask<[number, number]>('return [innerWidth, innerHeight]')
        const window = this.driver.manage().window()
        const outer = await window.getRect()
        // Engines measure windows in different units; scaling by the ratio converges in a few steps.
        const scaled = (outer: number, actual: number, wanted: number) => Math.round((outer * wanted) / actual)
        await window.setRect({ x: 0, y: 0, width: scaled(outer.width, wide, width), height: scaled(outer.height, high, height) })
        // A size that stays the same through five attempts is the nearest possible one.
        seen.push(`${wide} ${high}`)
        return seen.slice(-5).filter((size) => size === seen.at(-1)).length
      }, { intervals: [200] })
      .toBe(5)
  }

  /** Opens a path and waits until the application itself has drawn it. */
  async open(path: string): Promise<void> {
    await this.visit(path)
    await this.isDrawn()
  }

  /** Opens a path, whatever page it leads to. */
  async visit(path: string): Promise<void> {
    await this.navigate(() => this.driver.get(this.url + path))
  }

  /** Reloads the page and waits until the application has drawn it. */
  async reload(): Promise<void> {
    await this.navigate(() => this.driver.navigate().refresh())
    await this.isDrawn()
  }

  /** Starts navigation to a path without waiting for it. */
  async setOut(path: string): Promise<void> {
    await this.ask('location.assign(arguments[0])', this.url + path)
  }

  async isDrawn(): Promise<void> {
    await this.counts('#shell', 0)
    await this.shows('h1')
  }

  /** Returns the current URL without the origin. */
  async address(): Promise<string> {
    return (await this.driver.getCurrentUrl()).slice(this.url.length)
  }

  async isAt(path: string): Promise<void> {
    await expect.poll(() => this.address()).toBe(path)
  }

  /** Clicks the first visible element that matches. */
  async click(css: string): Promise<void> {
    await this.tried(() => this.press(css))
  }

  /** Clicks a toggle button until the element that it shows is visible; another click would hide it. */
  async reveal(button: string, revealed: string): Promise<void> {
    await this.tried(async () => {
      if ((await this.text(revealed)) !== undefined) return
      await this.press(button)
      await this.seen(revealed)
    })
  }

  /** Clears a field and types into it, as a keyboard does. */
  async type(css: string, text: string): Promise<void> {
    await this.tried(async () => {
      const field = await this.seen(css)
      await field.clear()
      await field.sendKeys(text)
    })
  }

  /** Waits until an element is visible and, if a text is given, contains it. */
  async shows(css: string, text: string | RegExp = /(?:)/): Promise<void> {
    await expect.poll(() => this.text(css), { message: css }).toMatch(text)
  }

  /** Waits until this number of elements match. */
  async counts(css: string, number: number): Promise<void> {
    await expect.poll(() => this.ask<number>('return document.querySelectorAll(arguments[0]).length', css), { message: css }).toBe(number)
  }

  async value(css: string): Promise<string> {
    return this.ask<string>('return document.querySelector(arguments[0]).value', css)
  }

  /** Runs a script in the page. */
  ask<T>(script: string, ...args: unknown[]): Promise<T> {
    return this.driver.executeScript<T>(script, ...args)
  }

  /** Returns the page's text, the values of its fields (for passwords, their lengths), and the focused element. */
  async everything(): Promise<string> {
    return this.ask<string>(`
      const held = ({ name, type, value }) => name + ' ' + (type === 'password' ? value.length + ' characters' : value)
      const { tagName, name } = document.activeElement
      return [document.querySelector('main').innerText, ...[...document.querySelectorAll('input')].map(held), 'focus: ' + tagName + ' ' + name].join('\\n')
    `).catch(String)
  }

  async picture(): Promise<Buffer> {
    return Buffer.from(await this.driver.takeScreenshot(), 'base64')
  }

  /** Navigates, and waits until the current document is gone, which not every engine does. */
  private async navigate(go: () => Promise<void>): Promise<void> {
    await this.ask('window.isLeft = true')
    await go()
    await expect.poll(() => this.ask<boolean>('return !window.isLeft').catch(() => false)).toBe(true)
  }

  /** Returns the text of the first visible element; undefined if there is none, or while the page replaces it. */
  private async text(css: string): Promise<string | undefined> {
    return this.seen(css)
      .then((element) => element.getText())
      .catch(() => undefined)
  }

  private async seen(css: string): Promise<WebElement> {
    for (const element of await this.driver.findElements(By.css(css))) {
      if (await element.isDisplayed()) return element
    }
    throw new Error(`nothing to be seen of ${css}`)
  }

  private async press(css: string): Promise<void> {
    const element = await this.seen(css)
    // Drivers scroll as little as possible, and the element may end up behind a sticky bar.
    await this.ask(`arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })`, element)
    await this.standsStill(element, css)
    await element.click()
  }

  /** Fails while an element is moving: the driver would click where it was, and hit what is there now. */
  private async standsStill(element: WebElement, css: string): Promise<void> {
    const place = () =>
      this.ask<string>('const { x, y, width, height } = arguments[0].getBoundingClientRect(); return [x, y, width, height].join()', element)
    const before = await place()
    await this.driver.sleep(50)
    if ((await place()) !== before) throw new Error(`${css} is moving`)
  }

  /** Retries an action while the page replaces the elements that it uses, for up to 15 seconds. */
  private async tried(act: () => Promise<void>): Promise<void> {
    await expect(act).toPass({ timeout: 15_000 })
  }
}
