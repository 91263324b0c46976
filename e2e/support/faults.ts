import { Rng, SEED } from './rng.ts'

/** What goes wrong between the page and the server. */
export type Fault =
  /** The server never hears of the request; this is answered instead. */
  | { kind: 'answer'; status: number; body?: string; headers?: Record<string, string> }
  /** The server acts, but this is answered instead, as by a proxy that has lost its patience. */
  | { kind: 'replace the answer'; status: number; body?: string; headers?: Record<string, string> }
  /** The request waits before it is passed on. */
  | { kind: 'delay'; milliseconds: number }
  /** The request waits until somebody lets it go. */
  | { kind: 'hold'; until: Promise<void> }
  /** The request and its answer wait, each for a random time up to this. */
  | { kind: 'jitter'; milliseconds: number }
  /** The server acts, but the connection breaks before its answer arrives. */
  | { kind: 'lose the answer' }
  /** The server acts, and its cookies arrive, but only half of the body does. */
  | { kind: 'truncate the answer' }
  /** The request reaches the server twice; the second answer is the one that arrives. */
  | { kind: 'duplicate' }
  /** The answer waits until that of a later request has passed it, or until this time is over. */
  | { kind: 'reorder'; milliseconds: number }
  /** The connection breaks before the server hears of the request. */
  | { kind: 'cut' }

/** Which requests a rule is about; what is left out does not matter. */
export interface Match {
  method?: string
  path?: string | RegExp
}

/** One request, as far as rules look at it. */
export interface Request {
  method: string
  path: string
  /** Which tab sent it, where the tabs say so. */
  tab: string
}

/** How soon, in milliseconds, the page sends a call again at the earliest whose answer it has lost. */
const MIN_RETRY_DELAY = 250
/** How many requests that come later than that may be others than the one that is sent again. */
const MAX_OTHER_CALLS = 1

/** A call of one tab whose answer is lost: since when, and how many later ones have had an answer. */
interface FaultedCall {
  cutAt: number | undefined
  answered: number
}

/** A fault for some requests, until it is lifted or used up. */
export class Rule {
  hits = 0
  /** How often each call of each tab was struck. */
  private readonly faultCounts = new Map<string, number>()
  /** The calls that were struck and have not been answered since; kept where a rule spares them. */
  private faulted: Map<string, FaultedCall> | undefined

  constructor(
    private readonly match: Match,
    readonly fault: Fault,
    private remaining: number,
    private readonly applies: () => boolean,
    private readonly release: () => void = () => undefined,
  ) {}

  /**
   * From now on the rule spares a call of one tab that it has struck until that has been answered. A tab may ask for the
   * same by two calls at once, and a call may be told first that its token has ended.
   */
  sparingRetries(): this {
    this.faulted = new Map()
    return this
  }

  /** Hears when a request came, and that it is over: with what status, unless the connection broke. */
  completed(request: Request, cameAt: number, status: number | undefined): void {
    const call = nameOf(request)
    const faulted = this.faulted?.get(call)
    if (!faulted) return
    if (status === undefined) faulted.cutAt ??= Date.now()
    else if (faulted.cutAt !== undefined && cameAt - faulted.cutAt >= MIN_RETRY_DELAY && status !== 401) faulted.answered += 1
    if (faulted.answered > MAX_OTHER_CALLS) this.faulted?.delete(call)
  }

  /** Uses the rule up by one, if it is about this request and strikes. */
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

  /** How often at most a call can have been struck so many times in a row. */
  runsOf(length: number): number {
    return [...this.faultCounts.values()].reduce((runs, faultCounts) => runs + Math.floor(faultCounts / length), 0)
  }

  /** From now on nothing goes wrong, and what is held goes on. */
  lift(): void {
    this.remaining = 0
    this.release()
  }
}

function nameOf({ tab, method, path }: Request): string {
  return `${tab} ${method} ${path}`
}

/** All rules of one origin, the newest first. */
export class Faults {
  rng = new Rng(SEED)
  private readonly rules: Rule[] = []

  /** Adds a rule; `times` limits how often it strikes, `chance` how likely. */
  on(match: Match, fault: Fault, times = Infinity, chance = 1): Rule {
    const rule = new Rule(match, fault, times, () => chance >= 1 || this.rng.happens(chance))
    this.rules.unshift(rule)
    return rule
  }

  /** Adds a rule that holds requests until it is lifted; `times` limits how many. */
  hold(match: Match, times = Infinity): Rule {
    let release: () => void = () => undefined
    const until = new Promise<void>((resolve) => (release = resolve))
    const rule = new Rule(match, { kind: 'hold', until }, times, () => true, release)
    this.rules.unshift(rule)
    return rule
  }

  /** Adds a rule for each of these faults: requests meet them by turns, and between two of them one meets none. */
  inTurn(match: Match, faults: readonly Fault[]): Rule[] {
    return faults.map((fault, turn) => {
      let met = 0
      const rule = new Rule(match, fault, Infinity, () => met++ % (2 * faults.length) === 2 * turn)
      this.rules.unshift(rule)
      return rule
    })
  }

  /** Adds a rule for each of these faults: the first request meets the first one, the next the second, and those after the last none. */
  inOrder(match: Match, faults: readonly Fault[]): Rule[] {
    return faults.map((fault, place) => {
      let met = 0
      const rule = new Rule(match, fault, Infinity, () => met++ === place)
      this.rules.unshift(rule)
      return rule
    })
  }

  /** From now on nothing goes wrong. */
  clear(): void {
    for (const rule of this.rules.splice(0)) rule.lift()
  }

  /** Tells the rules that a request is over. */
  completed(request: Request, cameAt: number, status: number | undefined): void {
    for (const rule of this.rules) rule.completed(request, cameAt, status)
  }

  /** The faults that this request meets. */
  faultsFor(request: Request): Fault[] {
    return this.rules.filter((rule) => rule.appliesTo(request)).map(({ fault }) => fault)
  }
}

export function matches({ method, path }: Match, actualMethod: string, actualPath: string): boolean {
  if (method !== undefined && method !== actualMethod) return false
  return path === undefined || (typeof path === 'string' ? path === actualPath : path.test(actualPath))
}
