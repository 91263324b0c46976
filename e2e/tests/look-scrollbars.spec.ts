import { expect, test } from '../support/fixtures.ts'
import { ADA, heading, signUp } from '../support/people.ts'

// Scrollbars take up space here, as on Windows and with a mouse on macOS.
test.use({ launchOptions: async ({ launchOptions }, use) => use({ ...launchOptions, ignoreDefaultArgs: ['--hide-scrollbars'] }) })

test('the header reaches them, and neither pages nor dialogs move what is there', async ({ page }) => {
  await signUp(page, ADA)
  const edges = async () => ({
    header: await page.locator('body > .top').evaluate((top) => Math.round(top.getBoundingClientRect().right)),
    page: await page.evaluate(() => document.documentElement.clientWidth),
  })
  const home = await edges()
  expect(home.page).toBeLessThan(page.viewportSize()?.width ?? 0)
  expect(home.header).toBe(home.page)
  await page.getByRole('navigation').getByRole('link', { name: 'Security' }).click()
  await expect(heading(page, 'Security')).toBeVisible()
  expect(await edges()).toEqual(home)
  await page.getByRole('button', { name: 'Delete my account' }).click()
  await expect(page.getByRole('dialog', { name: 'Delete your account?' })).toBeVisible()
  expect(await edges()).toEqual(home)
})
