import type { FullResult, Reporter, Suite } from '@playwright/test/reporter'

/** Says the result in the words of `cargo test`, so that one reader understands all runners. */
export default class CountingReporter implements Reporter {
  private suite: Suite | undefined

  onBegin(_config: unknown, suite: Suite): void {
    this.suite = suite
  }

  onEnd(result: FullResult): void {
    const tests = this.suite?.allTests() ?? []
    // A skipped or a flaky test has kept no promise either.
    const failed = tests.filter((test) => test.outcome() !== 'expected')
    console.log()
    // The first name is empty: it is that of the whole.
    for (const test of failed) console.log(`test ${test.titlePath().filter(Boolean).join(' › ')} ... FAILED`)
    const verdict = result.status === 'passed' ? 'ok' : 'FAILED'
    console.log(`test result: ${verdict}. ${tests.length - failed.length} passed; ${failed.length} failed`)
  }

  printsToStdio(): boolean {
    return true
  }
}
