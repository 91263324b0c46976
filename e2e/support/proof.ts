import { createHash, createPublicKey, verify, type JsonWebKey } from 'node:crypto'
import type { BrowserContext, Page } from '@playwright/test'

/** DPoP proof (RFC 9449), parsed and verified against the key in its header. */
export interface Proof {
  header: { typ: string; alg: string; jwk: JsonWebKey }
  claims: { jti: string; htm: string; htu: string; iat: number; nonce?: string }
  /** JWK thumbprint of the key (RFC 7638). */
  key: string
}

export function readProof(text: string): Proof {
  const [header = '', claims = '', signature = ''] = text.split('.')
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  const proof = { header: read(header), claims: read(claims) } as Omit<Proof, 'key'>
  const key = createPublicKey({ key: proof.header.jwk, format: 'jwk' })
  const signed = Buffer.from(`${header}.${claims}`)
  const isRight = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
  if (!isRight) throw new Error('the proof is not signed by its key')
  const { crv, kty, x, y } = proof.header.jwk
  return { ...proof, key: createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url') }
}

/** Deletes the browser's key, as clearing a part of the site's data does. */
export async function loseKey(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((done, fail) => {
        const removal = indexedDB.deleteDatabase('latchkey')
        removal.onsuccess = () => done()
        removal.onerror = () => fail(removal.error)
      }),
  )
}

/** Causes for which a browser has no key, each as a script that runs before the page. */
export const KEYLESS: Record<string, () => void> = {
  'IndexedDB is blocked': () => {
    Object.defineProperty(window, 'indexedDB', {
      get: () => {
        throw new DOMException('blocked', 'SecurityError')
      },
    })
  },
  'IndexedDB opens nothing': () => {
    indexedDB.open = () => {
      throw new DOMException('blocked', 'InvalidStateError')
    }
  },
  'IndexedDB never answers': () => {
    indexedDB.open = () => new EventTarget() as IDBOpenDBRequest
  },
  'IndexedDB keeps no keys': () => {
    IDBObjectStore.prototype.add = () => {
      throw new DOMException('a key', 'DataCloneError')
    }
  },
  'there is no WebCrypto': () => Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined }),
  'WebCrypto makes no keys': () => {
    Object.assign(SubtleCrypto.prototype, { generateKey: () => Promise.reject(new DOMException('no', 'NotSupportedError')) })
  },
}

export async function keepKeyless(context: BrowserContext, how: () => void): Promise<void> {
  await context.addInitScript(how)
}
