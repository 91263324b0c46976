/** Chance that can be had again: the same seed brings the same numbers. */
export class Rng {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** A number from 0 to below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Whether something of this probability happens now. */
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

/** The seed of this run: the one that was asked for, or the same as always. */
export const SEED = Number(process.env.LATCHKEY_SEED ?? 1843)
