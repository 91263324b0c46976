/** What deploy/Caddyfile sends with every file of the page; a test compares the two. */
export const PAGE_HEADERS: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src 'self' data:; " +
    "style-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; " +
    "frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), ' +
    'publickey-credentials-create=(self), publickey-credentials-get=(self)',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
}

export const IMMUTABLE = 'public, max-age=31536000, immutable'
export const NO_CACHE = 'no-cache'

/** Trunk puts the hash of the content into the names of files that may be kept for ever; leading zeros are left out. */
export const HASHED = /-[0-9a-f]{8,16}[._]/

export function cacheControl(path: string): string {
  return HASHED.test(path) ? IMMUTABLE : NO_CACHE
}
