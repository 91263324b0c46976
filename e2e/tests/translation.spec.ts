import type { Page } from '@playwright/test'
import { manySessions, apiError } from '../support/answers.ts'
import { httpError } from '../support/console-errors.ts'
import { expect, test } from '../support/fixtures.ts'
import { ADA, signUp } from '../support/people.ts'
import { fillIn, open, send, STATES } from '../support/states.ts'
import { BrowserMatrix } from '../support/browser-matrix.ts'
import { visibleText, translate, TRANSLATED, TRANSLATION_MODES } from '../support/translator.ts'

/** States that the application itself draws, with a list of languages; form failures only for the sign-in form. */
const DRAWN = STATES.filter(
  ({ name, scripts }) =>
    scripts && !/^before|^restoring|could not be started|switched off/.test(name) && !/^(?!sign-in).*, server (busy|failed|out of reach)$/.test(name),
)

// A screenshot of each state would take as long as the state itself.
test.use({ screenshot: 'off' })

for (const mode of TRANSLATION_MODES) {
  test(`every state says the same, translated ${mode} or not, when the language changes`, async ({ browser, origin }) => {
    test.setTimeout(900_000)
    expect(DRAWN.length).toBeGreaterThan(60)
    const matrix = await BrowserMatrix.open(browser, origin, 'en')
    for (const state of DRAWN) {
      await matrix.show(state, async ({ page }) => {
        await page.evaluate(() => addEventListener('error', (event) => Object.assign(window, { broken: event.message })))
        const says = () => visibleText(page)
        // The page starts in the language that was last saved in the account.
        const changed = async (language: 'en' | 'ko') => {
          await speak(page, language)
          await expect(page.locator('html'), state.name).toHaveAttribute('lang', language)
          return says()
        }
        const [korean, english] = [await changed('ko'), await changed('en')]
        expect(korean, state.name).not.toBe(english)
        await translate(page, mode)
        await speak(page, 'ko')
        await expect.poll(says, { message: state.name }).toBe(korean)
        await speak(page, 'en')
        await expect.poll(says, { message: state.name }).toBe(english)
        expect(await page.evaluate(() => 'broken' in window), state.name).toBe(false)
      })
    }
  })

  test(`names and addresses are not translated ${mode}`, async ({ page }) => {
    await signUp(page, { ...ADA, name: 'Rose Baker' })
    await translate(page, mode)
    const facts = page.locator('main dd bdi')
    await expect(facts.filter({ hasText: 'User' })).toHaveText('⟦User⟧')
    for (const plain of ['Rose Baker', ADA.email, '127.0.0.1']) await expect(facts.filter({ hasText: plain })).toHaveText(plain)
    await page.locator('nav a[href="/account/sessions"]').click()
    await expect(page.locator('[data-session] .facts').first()).toHaveText('127.0.0.1')
  })

  test(`what a form says comes and goes on a page that is translated ${mode}`, async ({ page, origin, consoleErrors }) => {
    consoleErrors.expect(httpError(401), httpError(409), httpError(422), httpError(429), httpError(500))
    await open(page, '/signup')
    await translate(page, mode)
    await send(page)
    await says(page, ['Fill this in.'], ['At least 8 characters'])
    await fillIn(page, { email: 'ada', display_name: '\u{3164}', password: 'short' })
    await says(page, ['At least 8 characters'], ['Fill this in.'])
    await send(page)
    await says(page, ['Enter an address such as', 'Use at least one character', 'Use at least 8'], ['Fill this in.'])
    await fillIn(page, { email: ADA.email, display_name: ADA.name, password: 'password1234' })
    await send(page)
    await says(page, ['tried first'], ['Enter an address such as', 'Use at least one character', 'Use at least 8'])
    const busy = origin.faults.on({ path: '/api/auth/signup' }, apiError(429, 'too_many_requests', {}, { 'retry-after': '8' }))
    await fillIn(page, { password: ADA.password })
    await send(page)
    await says(page, ['Too many tries.', 'Try again in '], ['tried first'])
    const wait = page.getByRole('timer')
    const first = await wait.innerText()
    await expect(wait).toHaveText(/^⟦ ?Try again in \d s\.⟧$/)
    await expect(wait).not.toHaveText(first)
    await says(page, [], ['Too many tries.', 'Try again in'])
    busy.lift()
    await send(page)
    await says(page, ['Your account'], ['Create your account'])
    await expect(page.locator('h1 bdi')).toHaveText(ADA.name)

    await page.locator('nav a[href="/account/profile"]').click()
    await send(page)
    await says(page, ['Saved.'], [])
    await fillIn(page, { display_name: ' ' })
    await send(page)
    await says(page, ['Fill this in.'], ['Saved.', 'Up to 80 characters'])
    await fillIn(page, { display_name: 'Augusta' })
    await send(page)
    await says(page, ['Saved.', 'Up to 80 characters'], ['Fill this in.'])

    await page.locator('nav a[href="/account/security"]').click()
    await fillIn(page, { current_password: 'not her password', new_password: 'difference engine 1822' })
    await send(page)
    await says(page, ['This password is wrong.'], ['Saved.'])
    const failed = origin.faults.on({ path: '/api/me/password' }, apiError(500, 'internal'))
    await send(page)
    await says(page, ['Something went wrong on the server.'], ['This password is wrong.'])
    failed.lift()
    await page.locator('main button[aria-haspopup=dialog]').click()
    const dialog = page.locator('dialog[open]')
    await send(dialog)
    await says(page, ['Fill this in.'], ['Enter your password to confirm.'])

    await dialog.getByRole('button', { name: /Cancel/ }).click()
    origin.faults.on({ method: 'GET', path: '/api/me/sessions' }, manySessions())
    await page.locator('nav a[href="/account/sessions"]').click()
    await says(page, ['Ended in the last 30 days', 'This session'], ['Change password'])
    await page.locator('nav a[href="/account/token"]').click()
    const countdown = page.getByTestId('countdown')
    const before = await countdown.innerText()
    await expect(countdown).toHaveText(TRANSLATED)
    await expect(countdown).not.toHaveText(before)
    await expect(countdown.locator('font > font')).toHaveCount(mode === 'in place' ? 0 : 1)
  })
}

/** Waits until the page shows all texts of `all`, and none of `none`. */
async function says(page: Page, all: string[], none: string[]): Promise<void> {
  const faults = async () => {
    const text = await page.locator('body').innerText()
    return [...all.filter((words) => !text.includes(words)), ...none.filter((words) => text.includes(words))]
  }
  await expect.poll(faults).toEqual([])
}

/** Chooses a language in the list, on the page or in the menu, where the list exists even while the menu is closed. */
async function speak(page: Page, language: 'en' | 'ko'): Promise<void> {
  await page.evaluate((language) => {
    const list = document.querySelector<HTMLSelectElement>('#language, #menu-language')
    if (!list) throw new Error('There is no list of languages.')
    list.value = language
    list.dispatchEvent(new Event('change', { bubbles: true }))
  }, language)
  await expect(page.locator('html')).toHaveAttribute('lang', language)
}
