import type { FullResult, Reporter, Suite } from '@playwright/test/reporter'

/** Reporter that prints the result in the format of `cargo test`, so that one parser reads all runners. */
export default class CountingReporter implements Reporter {
  private suite: Suite | undefined

  onBegin(_config: unknown, suite: Suite): void {
    this.suite = suite
  }

  onEnd(result: FullResult): void {
    const tests = this.suite?.allTests() ?? []
    // A skipped or flaky test has not proved anything either.
    const failed = tests.filter((test) => test.outcome() !== 'expected')
    console.log()
    // The first title is that of the root suite and is empty.
    for (const test of failed) console.log(`test ${test.titlePath().filter(Boolean).join(' › ')} ... FAILED`)
    const verdict = result.status === 'passed' ? 'ok' : 'FAILED'
    console.log(`test result: ${verdict}. ${tests.length - failed.length} passed; ${failed.length} failed`)
  }

  printsToStdio(): boolean {
    return true
  }
}
