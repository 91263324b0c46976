/** The machine's own browser: nothing is downloaded. Without its frame it does the same with half the work. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** It asks nobody on the network for anything of its own. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
]

/** What a browser lets the page do that is in front of somebody, without asking. */
export const PERMISSIONS = ['clipboard-write']
