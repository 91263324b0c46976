/** Reproducible random number generator: the same seed gives the same numbers. */
export class Rng {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** Returns a number from 0 (inclusive) to 1 (exclusive), by mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Returns true with this probability. */
  happens(chance: number): boolean {
    return this.next() < chance
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  pick<T>(things: readonly [T, ...T[]]): T {
    return things[Math.floor(this.next() * things.length)] ?? things[0]
  }
}

/** Seed of this run: `LATCHKEY_SEED`, or a fixed default. */
export const SEED = Number(process.env.LATCHKEY_SEED ?? 1843)
