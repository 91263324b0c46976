import type { FullResult, Reporter, Suite } from '@playwright/test/reporter'

/** Says the result in the words of `cargo test`, so that one reader understands all runners. */
export default class CountingReporter implements Reporter {
  private suite: Suite | undefined

  onBegin(_config: unknown, suite: Suite): void {
    this.suite = suite
  }

  onEnd(result: FullResult): void {
    const outcomes = (this.suite?.allTests() ?? []).map((test) => test.outcome())
    const passed = outcomes.filter((outcome) => outcome === 'expected').length
    // A skipped or a flaky test has kept no promise either.
    const failed = outcomes.length - passed
    const verdict = result.status === 'passed' ? 'ok' : 'FAILED'
    console.log(`\ntest result: ${verdict}. ${passed} passed; ${failed} failed`)
  }

  printsToStdio(): boolean {
    return true
  }
}
