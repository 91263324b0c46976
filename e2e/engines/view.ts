import { expect } from '@playwright/test'
import { By, type WebDriver, type WebElement } from 'selenium-webdriver'

/** A window of any engine, in the few verbs that a person has. What is asked for is waited for. */
export class View {
  constructor(
    readonly driver: WebDriver,
    private readonly url: string,
  ) {}

  /** Makes the window as large as a desk's, so that nothing lies below its edge. */
  async enlarge(): Promise<void> {
    await this.driver.manage().window().setRect({ x: 0, y: 0, width: 1280, height: 1150 })
  }

  /** Makes the page, without the window's frame, so many pixels wide and high, or as near to it as the engine's windows go. */
  async measure(width: number, height: number): Promise<void> {
    const seen: string[] = []
    await expect
      .poll(async () => {
        const [wide, high] = await this.ask<[number, number]>('return [innerWidth, innerHeight]')
        const window = this.driver.manage().window()
        const outer = await window.getRect()
        // Engines count windows in different units; the proportion leads there in a few steps.
        const scaled = (outer: number, actual: number, wanted: number) => Math.round((outer * wanted) / actual)
        await window.setRect({ x: 0, y: 0, width: scaled(outer.width, wide, width), height: scaled(outer.height, high, height) })
        // What stays as it is, however often something else is asked for, is the nearest.
        seen.push(`${wide} ${high}`)
        return seen.slice(-5).filter((size) => size === seen.at(-1)).length
      }, { intervals: [200] })
      .toBe(5)
  }

  /** Opens an address, and waits until the page itself has drawn it. */
  async open(path: string): Promise<void> {
    await this.visit(path)
    await this.isDrawn()
  }

  /** Opens an address, whatever comes of it. */
  async visit(path: string): Promise<void> {
    await this.navigate(() => this.driver.get(this.url + path))
  }

  /** Loads the page anew, and waits until it has drawn itself. */
  async reload(): Promise<void> {
    await this.navigate(() => this.driver.navigate().refresh())
    await this.isDrawn()
  }

  /** Sets out for an address, and waits for nothing of it. */
  async setOut(path: string): Promise<void> {
    await this.ask('location.assign(arguments[0])', this.url + path)
  }

  async isDrawn(): Promise<void> {
    await this.counts('#shell', 0)
    await this.shows('h1')
  }

  /** Where the person is, without the origin. */
  async address(): Promise<string> {
    return (await this.driver.getCurrentUrl()).slice(this.url.length)
  }

  async isAt(path: string): Promise<void> {
    await expect.poll(() => this.address()).toBe(path)
  }

  /** Clicks the first element that matches and can be seen. */
  async click(css: string): Promise<void> {
    await this.tried(() => this.press(css))
  }

  /** Presses a button that shows something, and would hide it if it were pressed once more. */
  async reveal(button: string, revealed: string): Promise<void> {
    await this.tried(async () => {
      if ((await this.text(revealed)) !== undefined) return
      await this.press(button)
      await this.seen(revealed)
    })
  }

  /** Types into an empty field, as a keyboard does. */
  async type(css: string, text: string): Promise<void> {
    await this.tried(async () => {
      const field = await this.seen(css)
      await field.clear()
      await field.sendKeys(text)
    })
  }

  /** Waits until an element can be seen, and until it holds the text, if one is given. */
  async shows(css: string, text: string | RegExp = /(?:)/): Promise<void> {
    await expect.poll(() => this.text(css), { message: css }).toMatch(text)
  }

  /** Waits until so many elements are there. */
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

  /** What the page says, what its fields hold, and what has the focus; of passwords their lengths. */
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

  /** Goes elsewhere, and waits until this page has gone: not every engine waits for that. */
  private async navigate(go: () => Promise<void>): Promise<void> {
    await this.ask('window.isLeft = true')
    await go()
    await expect.poll(() => this.ask<boolean>('return !window.isLeft').catch(() => false)).toBe(true)
  }

  /** The text of the first element that can be seen; nothing while there is none, or while the page replaces it. */
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
    // Drivers scroll no further than they must, which may be behind what sticks to the edge of the screen.
    await this.ask(`arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })`, element)
    await element.click()
  }

  /** Again, while the page replaces what is looked at. */
  private async tried(act: () => Promise<void>): Promise<void> {
    await expect(act).toPass({ timeout: 15_000 })
  }
}
