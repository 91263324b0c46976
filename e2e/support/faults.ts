import { Rng, SEED } from './rng.ts'

/** Fault between the page and the server. */
export type Fault =
  /** The request does not reach the server; this response is sent instead. */
  | { kind: 'answer'; status: number; body?: string; headers?: Record<string, string> }
  /** The server acts, but this response is sent instead, as by a proxy after its timeout. */
  | { kind: 'replace the answer'; status: number; body?: string; headers?: Record<string, string> }
  /** The request is delayed before it is passed on. */
  | { kind: 'delay'; milliseconds: number }
  /** The request is blocked until it is released. */
  | { kind: 'hold'; until: Promise<void> }
  /** The request and its response are delayed, each for a random time up to this. */
  | { kind: 'jitter'; milliseconds: number }
  /** The server acts, but the connection breaks before its response arrives. */
  | { kind: 'lose the answer' }
  /** The server acts, and its cookies arrive, but only half of the body does. */
  | { kind: 'truncate the answer' }
  /** The request reaches the server twice; the second response is the one that arrives. */
  | { kind: 'duplicate' }
  /** The response is delayed until that of a later request has overtaken it, or until this timeout. */
  | { kind: 'reorder'; milliseconds: number }
  /** The connection breaks before the request reaches the server. */
  | { kind: 'cut' }

/** Filter for the requests of a rule; an omitted field matches everything. */
export interface Match {
  method?: string
  path?: string | RegExp
}

/** Properties of a request that rules depend on. */
export interface Request {
  method: string
  path: string
  /** Tab that sent it, if tabs identify themselves. */
  tab: string
}

/** Shortest delay, in milliseconds, before the page retries a request whose response was lost. */
const MIN_RETRY_DELAY = 250
/** Number of requests after that delay that may be others than the retry. */
const MAX_OTHER_CALLS = 1

/** Request of one tab whose response was lost: the time of the loss, and the number of later ones with a response. */
interface FaultedCall {
  cutAt: number | undefined
  answered: number
}

/** Rule that applies a fault to matching requests until it is lifted or used up. */
export class Rule {
  hits = 0
  /** Number of faults for each request of each tab. */
  private readonly faultCounts = new Map<string, number>()
  /** Requests that met the fault and have had no response since; only kept by a rule that spares retries. */
  private faulted: Map<string, FaultedCall> | undefined

  constructor(
    private readonly match: Match,
    readonly fault: Fault,
    private remaining: number,
    private readonly applies: () => boolean,
    private readonly release: () => void = () => undefined,
  ) {}

  /**
   * Makes the rule spare a request of one tab that has met the fault until it has had a response. A tab may send two
   * equal requests at once, and a retry may first be refused because its token has expired.
   */
  sparingRetries(): this {
    this.faulted = new Map()
    return this
  }

  /** Records the end of a request, with its arrival time and its status; no status: the connection broke. */
  completed(request: Request, cameAt: number, status: number | undefined): void {
    const call = nameOf(request)
    const faulted = this.faulted?.get(call)
    if (!faulted) return
    if (status === undefined) faulted.cutAt ??= Date.now()
    else if (faulted.cutAt !== undefined && cameAt - faulted.cutAt >= MIN_RETRY_DELAY && status !== 401) faulted.answered += 1
    if (faulted.answered > MAX_OTHER_CALLS) this.faulted?.delete(call)
  }

  /** Returns true, and uses the rule up by one, if it matches this request and the fault occurs. */
  appliesTo(request: Request): boolean {
    if (this.remaining <= 0 || !matches(this.match, request.method, request.path)) return false
    const call = nameOf(request)
    if (this.faulted?.has(call) || !this.applies()) return false
    this.faulted?.set(call, { cutAt: undefined, answered: 0 })
    this.remaining -= 1
    this.hits += 1
    this.faultCounts.set(call, (this.faultCounts.get(call) ?? 0) + 1)
    return true
  }

  /** Returns an upper bound for the number of times that a request met the fault `length` times in a row. */
  runsOf(length: number): number {
    return [...this.faultCounts.values()].reduce((runs, faultCounts) => runs + Math.floor(faultCounts / length), 0)
  }

  /** Ends the rule and releases the requests that it has blocked. */
  lift(): void {
    this.remaining = 0
    this.release()
  }
}

function nameOf({ tab, method, path }: Request): string {
  return `${tab} ${method} ${path}`
}

/** Fault rules of one origin, the newest first. */
export class Faults {
  rng = new Rng(SEED)
  private readonly rules: Rule[] = []

  /** Adds a rule; `times` limits how often the fault occurs, `chance` is its probability. */
  on(match: Match, fault: Fault, times = Infinity, chance = 1): Rule {
    const rule = new Rule(match, fault, times, () => chance >= 1 || this.rng.happens(chance))
    this.rules.unshift(rule)
    return rule
  }

  /** Adds a rule that blocks requests until it is lifted; `times` limits how many. */
  hold(match: Match, times = Infinity): Rule {
    let release: () => void = () => undefined
    const until = new Promise<void>((resolve) => (release = resolve))
    const rule = new Rule(match, { kind: 'hold', until }, times, () => true, release)
    this.rules.unshift(rule)
    return rule
  }

  /** Adds a rule for each of these faults: requests meet them in rotation, every other request meets none. */
  inTurn(match: Match, faults: readonly Fault[]): Rule[] {
    return faults.map((fault, turn) => {
      let met = 0
      const rule = new Rule(match, fault, Infinity, () => met++ % (2 * faults.length) === 2 * turn)
      this.rules.unshift(rule)
      return rule
    })
  }

  /** Adds a rule for each of these faults: the nth request meets the nth fault, and later ones meet none. */
  inOrder(match: Match, faults: readonly Fault[]): Rule[] {
    return faults.map((fault, place) => {
      let met = 0
      const rule = new Rule(match, fault, Infinity, () => met++ === place)
      this.rules.unshift(rule)
      return rule
    })
  }

  /** Lifts and removes all rules. */
  clear(): void {
    for (const rule of this.rules.splice(0)) rule.lift()
  }

  /** Notifies the rules that a request has ended. */
  completed(request: Request, cameAt: number, status: number | undefined): void {
    for (const rule of this.rules) rule.completed(request, cameAt, status)
  }

  /** Returns the faults that this request meets, and uses up their rules. */
  faultsFor(request: Request): Fault[] {
    return this.rules.filter((rule) => rule.appliesTo(request)).map(({ fault }) => fault)
  }
}

export function matches({ method, path }: Match, actualMethod: string, actualPath: string): boolean {
  if (method !== undefined && method !== actualMethod) return false
  return path === undefined || (typeof path === 'string' ? path === actualPath : path.test(actualPath))
}
