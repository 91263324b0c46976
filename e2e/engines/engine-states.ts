import { manySessions, sessionEnded } from '../support/answers.ts'
import type { Origin } from '../support/origin.ts'
import { ADA } from '../support/people.ts'
import type { View } from './view.ts'

/** State of the page in an engine, reached without text in any language. */
export interface EngineState {
  name: string
  reach: (view: View, origin: Origin) => Promise<void>
  /** Leaves the state, so that the next one can be reached. */
  leave?: (view: View) => Promise<void>
}

const SUBMIT = 'button.primary'
const LIST = { method: 'GET', path: '/api/me/sessions' }

/** States while nobody is signed in. */
export const SIGNED_OUT: readonly EngineState[] = [
  { name: 'sign-in', reach: (view) => view.open('/login') },
  { name: 'sign-up', reach: (view) => view.open('/signup') },
  {
    name: 'sign-up, empty fields',
    reach: async (view) => {
      await view.open('/signup')
      await view.click(`main ${SUBMIT}`)
      await view.counts('[aria-invalid=true]', 3)
    },
  },
  {
    name: 'sign-up, weak password',
    reach: async (view) => {
      await view.open('/signup')
      await fillIn(view, { email: 'another@example.org', display_name: ADA.name, password: 'password1234' })
      await view.click(`main ${SUBMIT}`)
      await view.shows('.field:has([name=password]) .error')
    },
  },
  { name: 'not found', reach: (view) => view.open('/nothing/here') },
  {
    name: 'before WebAssembly',
    reach: async (view, origin) => {
      // The script that loads it is blocked, since the WebAssembly itself may come from the browser's cache.
      origin.faults.hold({ path: '/boot.js' })
      await view.setOut('/login')
      await view.shows('#shell h1')
    },
    leave: (view) => view.isDrawn(),
  },
]

/** States while somebody is signed in. */
export const SIGNED_IN: readonly EngineState[] = [
  { name: 'home', reach: (view) => view.open('/') },
  {
    name: 'home, account menu',
    reach: async (view) => {
      await view.open('/')
      await view.reveal('header .avatar', '#account-menu button.quiet')
    },
  },
  { name: 'profile', reach: (view) => view.open('/account/profile') },
  {
    name: 'profile, saved',
    reach: async (view) => {
      await view.open('/account/profile')
      await view.click(`main ${SUBMIT}`)
      await view.shows('main [role=status]', /\S/)
    },
  },
  { name: 'security', reach: (view) => view.open('/account/security') },
  {
    name: 'security, delete the account',
    reach: async (view) => {
      await view.open('/account/security')
      await view.click('main button[aria-haspopup=dialog]')
      await view.shows('dialog[open] [name=password]')
    },
  },
  {
    name: 'sessions',
    reach: async (view, origin) => {
      origin.faults.on(LIST, manySessions())
      await view.open('/account/sessions')
      await view.shows('[data-session]')
    },
  },
  {
    name: 'token',
    reach: async (view) => {
      await view.open('/account/token')
      await view.shows('progress')
    },
  },
  {
    name: 'session over',
    reach: async (view, origin) => {
      await view.open('/account/profile')
      origin.faults.on({ path: /^\/api\// }, sessionEnded('expired'))
      await view.click(`main ${SUBMIT}`)
      await view.shows('dialog[open] [name=password]')
    },
    leave: async (view) => {
      await view.type('dialog[open] [name=password]', ADA.password)
      await view.click(`dialog[open] ${SUBMIT}`)
      await view.counts('dialog[open]', 0)
    },
  },
]

/** Fills in fields of the page by their names. */
export async function fillIn(view: View, fields: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(fields)) await view.type(`main [name=${name}]`, text)
}

/** Signs up through the form, in any language. */
export async function signUp(view: View): Promise<void> {
  await view.open('/signup')
  await fillIn(view, { email: ADA.email, display_name: ADA.name, password: ADA.password })
  await view.click(`main ${SUBMIT}`)
  await view.shows('header .avatar')
}
