/** What goes wrong between the page and the server. */
export type Fault =
  /** The server never hears of the request; this is answered instead. */
  | { kind: 'answer'; status: number; body?: string; headers?: Record<string, string> }
  /** The request waits before it is passed on. */
  | { kind: 'delay'; milliseconds: number }
  /** The server acts, but the connection breaks before its answer arrives. */
  | { kind: 'lose the answer' }
  /** The connection breaks before the server hears of the request. */
  | { kind: 'cut' }

/** Which requests a rule is about; what is left out does not matter. */
export interface Match {
  method?: string
  path?: string | RegExp
}

/** A fault for some requests, until it is lifted or used up. */
export class Rule {
  hits = 0

  constructor(
    private readonly match: Match,
    readonly fault: Fault,
    private remaining: number,
  ) {}

  /** Uses the rule up by one, if it is about this request. */
  claims(method: string, path: string): boolean {
    if (this.remaining <= 0 || !matches(this.match, method, path)) return false
    this.remaining -= 1
    this.hits += 1
    return true
  }

  /** From now on nothing goes wrong. */
  lift(): void {
    this.remaining = 0
  }
}

/** All rules of one origin, the newest first. */
export class Faults {
  private readonly rules: Rule[] = []

  /** Adds a rule; `times` limits how often it strikes. */
  on(match: Match, fault: Fault, times = Infinity): Rule {
    const rule = new Rule(match, fault, times)
    this.rules.unshift(rule)
    return rule
  }

  /** The fault that this request meets, if any. */
  meet(method: string, path: string): Fault | undefined {
    return this.rules.find((rule) => rule.claims(method, path))?.fault
  }
}

export function matches({ method, path }: Match, actualMethod: string, actualPath: string): boolean {
  if (method !== undefined && method !== actualMethod) return false
  return path === undefined || (typeof path === 'string' ? path === actualPath : path.test(actualPath))
}
