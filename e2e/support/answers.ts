import type { Fault } from './faults.ts'

/** Reasons for which a session ended, as the server writes them in `end_reason`. */
export const END_REASONS = [
  'signed_out',
  'signed_out_elsewhere',
  'replay_detected',
  'password_changed',
  'password_reset',
  'expired',
  'too_many_sessions',
  'account_deleted',
  'admin',
] as const
export type EndReason = (typeof END_REASONS)[number]

/** Returns an error response in the server's own format (RFC 9457 problem details), sent in place of the server's. */
export function apiError(status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Fault {
  const told = { type: `urn:latchkey:problem:${code}`, title: code, status, code, detail: code, request_id: REQUEST }
  return {
    kind: 'answer',
    status,
    body: JSON.stringify({ ...told, ...more }),
    headers: { 'content-type': 'application/problem+json; charset=utf-8', ...headers },
  }
}

/** Returns the server's 401 response for a session that has ended. */
export function sessionEnded(reason: EndReason): Fault {
  const code = reason === 'replay_detected' ? reason : 'session_ended'
  return apiError(401, code, { end_reason: reason })
}

/** Returns the server's 401 response to a refresh without a valid DPoP proof of the session's key. */
export function keyRefused(): Fault {
  return apiError(401, 'token_invalid', {}, { 'www-authenticate': 'DPoP error="invalid_dpop_proof", algs="ES256"' })
}

/** Returns a typical list of sessions: three live ones, and an ended one for each end reason. */
export function manySessions(now = Date.now()): Fault {
  const ago = (minutes: number) => new Date(now - minutes * MINUTE).toISOString()
  const session = (index: number, seenBefore: number) => ({
    id: `0199a000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    current: index === 0,
    ...DEVICES[index % DEVICES.length],
    created_at: ago(seenBefore + 3 * DAY),
    last_seen_at: ago(seenBefore),
    expires_at: ago(seenBefore - 14 * DAY),
  })
  const live = [0, 1, 2].map((index) => session(index, index * 95))
  const ended = END_REASONS.map((reason, index) => ({
    ...session(3 + index, (index + 1) * DAY),
    ended_at: ago((index + 1) * DAY - 7),
    end_reason: reason,
  }))
  return listed([...live, ...ended])
}

/** Returns a list as a program gets it that signs in again and again: this session, and others that have ended. */
export function countlessSessions(count: number, next: string | null = null, now = Date.now()): Fault {
  const at = (index: number) => new Date(now - index * MINUTE).toISOString()
  const sessions = Array.from({ length: count }, (_, index) => ({
    id: `0199a000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    current: index === 0,
    ...DEVICES[0],
    created_at: at(index),
    last_seen_at: at(index),
    expires_at: at(-DAY),
    ...(index > 0 && { ended_at: at(index), end_reason: 'expired' }),
  }))
  return listed(sessions, next)
}

/** Returns the first page of a long list: this session and other live ones. `next` is the cursor of the next page. */
export function firstPage(count: number, next: string | null, now = Date.now()): Fault {
  return listed(living(0, count, now), next)
}

/** Returns a later page: `live` live sessions, numbered from `first`, and then `ended` sessions that have ended. */
export function nextPage(first: number, live: number, ended: number, next: string | null, now = Date.now()): Fault {
  const over = living(first + live, ended, now).map((session) => ({
    ...session,
    ended_at: new Date(now - DAY * MINUTE).toISOString(),
    end_reason: 'signed_out',
  }))
  return listed([...living(first, live, now), ...over], next)
}

function living(first: number, count: number, now: number) {
  const at = (index: number) => new Date(now - index * MINUTE).toISOString()
  return Array.from({ length: count }, (_, offset) => first + offset).map((index) => ({
    id: `0199a000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    current: index === 0,
    ...DEVICES[index % DEVICES.length],
    created_at: at(index),
    last_seen_at: at(index),
    expires_at: at(-14 * DAY),
  }))
}

function listed(items: object[], next: string | null = null): Fault {
  return { kind: 'answer', status: 200, body: JSON.stringify({ items, next }) }
}

const MINUTE = 60_000
const DAY = 24 * 60
const REQUEST = '0199a000-0000-7000-8000-00000000abcd'

const DEVICES = [
  {
    device: 'Chrome on Linux',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    ip: '192.0.2.17',
  },
  {
    device: 'Safari on iPhone',
    user_agent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1',
    ip: '2001:db8:85a3::8a2e:370:7334',
  },
  {
    device: 'Firefox on Windows',
    user_agent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0',
    ip: '198.51.100.4',
  },
]
