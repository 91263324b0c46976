import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test'

export interface Person {
  name: string
  email: string
  password: string
}

export const ADA: Person = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'analytical engine 1843' }

/** Second test user. */
export const GRACE: Person = { name: 'Grace Hopper', email: 'grace@example.org', password: 'nanoseconds of wire 1906' }

/** Main heading of the page, which names it. */
export function heading(page: Page, name: string | RegExp): Locator {
  return page.getByRole('heading', { level: 1, name })
}

export function welcome(page: Page, person: Person): Locator {
  return heading(page, `Hello, ${person.name}`)
}

export function passwordField(scope: Page | Locator): Locator {
  return scope.getByLabel('Password', { exact: true })
}

/** Signs up through the form; returns once the home page has loaded all of its data. */
export async function signUp(page: Page, person: Person): Promise<void> {
  await page.goto('/signup')
  await fillInSignUp(page, person)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(welcome(page, person)).toBeVisible()
  await expect(page.locator('main dl'), 'the account, and this session').toHaveCount(2)
}

export async function fillInSignUp(page: Page, person: Person): Promise<void> {
  await page.getByLabel('Email').fill(person.email)
  await page.getByLabel('Display name').fill(person.name)
  await passwordField(page).fill(person.password)
}

/** Fills in and submits the sign-in page; does not wait for the page that follows. */
export async function signIn(page: Page, person: Person): Promise<void> {
  await expect(heading(page, 'Sign in')).toBeVisible()
  await page.getByLabel('Email').fill(person.email)
  await passwordField(page).fill(person.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Account menu' }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await expect(heading(page, 'Sign in')).toBeVisible()
}

/** Signs in with another browser and returns its page. */
export async function signInElsewhere(browser: BrowserContext, person: Person): Promise<Page> {
  const page = await browser.newPage()
  await page.goto('/login')
  await signIn(page, person)
  await expect(welcome(page, person)).toBeVisible()
  return page
}

/** Ends all other sessions on the sessions page, and confirms its dialog. */
export async function signOutElsewhere(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere else' }).click()
}

/** Goes to a page by clicking its link in the navigation. */
export async function goTo(page: Page, link: string): Promise<void> {
  await linkTo(page, link).click()
}

/**
 * Follows a link of the navigation that a dialog may already cover: a pending request can meet the fault that was set
 * up for the next one.
 */
export async function followBeneath(page: Page, path: string): Promise<void> {
  await page.locator(`nav a[href="${path}"]`).evaluate((link: HTMLElement) => link.click())
}

export function linkTo(page: Page, link: string): Locator {
  return page.getByRole('navigation', { name: 'Account' }).getByRole('link', { name: link })
}

/** Dialog that asks for the password when a session has ended. */
export function signInAgain(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Sign in again' })
}

/** Dialog that asks for the password when the browser has lost the session's key. */
export function confirmItsYou(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Confirm it’s you' })
}

/** Status bar that says that the server cannot be reached. */
export function bar(page: Page): Locator {
  return page.getByTestId('session-bar')
}
