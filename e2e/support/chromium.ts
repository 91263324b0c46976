/** Path of the machine's own browser: nothing is downloaded. The headless shell does the same with half the work. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Command-line flags, among them those that stop the browser's own network requests. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
]

/** Permissions that browsers grant a page in the foreground without a prompt. */
export const PERMISSIONS = ['clipboard-write']
