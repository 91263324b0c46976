import type { TestInfo } from '@playwright/test'
import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter'
import { SEED } from '../support/rng.ts'
import type { CrashOutcome } from './crash.ts'
import type { Scenario, Outcome } from './race.ts'

const OUTCOME = 'outcome'
const CRASH = 'crash'

/** Parameters and results of one round of a row. */
interface Round {
  scenario: Scenario
  outcome: Outcome
}

/** Passes a round from the test to the reporter. */
export function recordRound(info: TestInfo, scenario: Scenario, outcome: Outcome): void {
  info.annotations.push({ type: OUTCOME, description: JSON.stringify({ scenario, outcome }) })
}

/** Result of one browser crash. */
interface Crash {
  keyed: boolean
  crashOutcome: CrashOutcome
}

/** Passes a crash from the test to the reporter. */
export function recordCrash(info: TestInfo, keyed: boolean, crashOutcome: CrashOutcome): void {
  info.annotations.push({ type: CRASH, description: JSON.stringify({ keyed, crashOutcome }) })
}

type Row = [Round, ...Round[]]

const COLUMNS: Record<string, (row: Row) => string | number> = {
  tabs: ([{ scenario }]) => scenario.tabs,
  lost: ([{ scenario }]) => `${scenario.lost * 100} %`,
  jitter: ([{ scenario }]) => `${scenario.jitter} ms`,
  locks: ([{ scenario }]) => (scenario.locks ? 'yes' : 'no'),
  calls: (row) => sum(row, 'calls'),
  'answers lost': (row) => sum(row, 'lost'),
  refreshes: (row) => sum(row, 'refreshes'),
  rotations: (row) => sum(row, 'rotations'),
  'refreshes per rotation': (row) => `${ratio(row).toFixed(2)} (${spread(row.map((round) => ratio([round])))})`,
  'false sign-outs': (row) => sum(row, 'signOuts'),
  'errors seen': (row) => row.flatMap(({ outcome }) => outcome.errors).length,
  'bars seen': (row) => row.flatMap(({ outcome }) => outcome.bars).length,
  'stolen token': (row) => (row.every(({ outcome }) => outcome.stolen === 'replay_detected') ? 'caught' : 'not caught'),
  'all tabs know': (row) => `${(Math.max(...row.map(({ outcome }) => outcome.noticed)) / 1000).toFixed(1)} s`,
}

/** Reporter that prints the measurements as a Markdown table. */
export default class TableReporter implements Reporter {
  private readonly rows = new Map<string, Row>()
  private readonly crashes: Crash[] = []
  private readonly failures: string[] = []

  onTestEnd(test: TestCase, result: TestResult): void {
    const outcome = result.annotations.find(({ type }) => type === OUTCOME)?.description
    if (outcome) this.add(test.title, JSON.parse(outcome) as Round)
    const crash = result.annotations.find(({ type }) => type === CRASH)?.description
    if (crash) this.crashes.push(JSON.parse(crash) as Crash)
    this.failures.push(...result.errors.map(({ message }) => `${test.title}: ${message}`))
    console.error(`${test.title}: ${Math.round(result.duration / 1000)} s`)
  }

  onEnd(result: FullResult): void {
    const names = Object.keys(COLUMNS)
    console.log(`\n${line(names)}\n${line(names.map(() => '---:'))}`)
    for (const row of this.rows.values()) console.log(line(Object.values(COLUMNS).map((column) => column(row))))
    const all = [...this.rows.values()].flat()
    const rounds = Math.max(0, ...[...this.rows.values()].map((row) => row.length))
    console.log(
      `\nSeed ${SEED}, ${rounds} rounds, ${Math.round(result.duration / 1000)} s: ${sum(all, 'calls')} calls, ` +
        `${sum(all, 'lost')} answers lost, ${sum(all, 'refreshes')} refreshes, ${sum(all, 'rotations')} rotations, ` +
        `${sum(all, 'signOuts')} false sign-outs`,
    )
    for (const keyed of [true, false]) console.log(`\n${crashes(keyed, this.crashes)}`)
    for (const failure of this.failures) console.error(failure)
  }

  printsToStdio(): boolean {
    return true
  }

  private add(title: string, round: Round): void {
    const row = this.rows.get(title)
    if (row) row.push(round)
    else this.rows.set(title, [round])
  }
}

function sum(rounds: Round[], what: 'calls' | 'lost' | 'refreshes' | 'rotations' | 'signOuts'): number {
  return rounds.reduce((total, { outcome }) => total + outcome[what], 0)
}

/** Returns a summary of the crashes with or without the key; old cookies show that the crashes prove something. */
function crashes(keyed: boolean, all: Crash[]): string {
  const some = all.filter((crash) => crash.keyed === keyed).map(({ crashOutcome }) => crashOutcome)
  const old = some.filter(({ wasOld }) => wasOld).length
  const signOuts = some.reduce((total, { signOuts }) => total + signOuts, 0)
  return `Browser crashes ${keyed ? 'with' : 'without'} the key: ${some.length}, cookies one rotation old: ${old}, false sign-outs: ${signOuts}`
}

function ratio(rounds: Round[]): number {
  return sum(rounds, 'refreshes') / sum(rounds, 'rotations')
}

function spread(numbers: number[]): string {
  return `${Math.min(...numbers).toFixed(2)}–${Math.max(...numbers).toFixed(2)}`
}

function line(cells: (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}
