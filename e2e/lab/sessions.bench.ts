import { expect, test } from '../support/fixtures.ts'
import { EXPECTED, expectNoNeedlessFailure, race, SETTINGS, type Course } from './race.ts'
import { record } from './table-reporter.ts'

/** What ends a round: enough refreshes, or enough time. */
const ENOUGH = { refreshes: 10, patience: 60_000 }

test.use({ settings: SETTINGS })

test.beforeEach(({ complaints }) => complaints.expect(...EXPECTED))

for (const tabs of [1, 2, 5, 10]) {
  for (const lost of [0, 0.05, 0.2]) {
    for (const jitter of [0, 150]) measure({ tabs, lost, jitter, locks: true, ...ENOUGH })
  }
}
for (const lost of [0, 0.2]) measure({ tabs: 5, lost, jitter: 150, locks: false, ...ENOUGH })

function measure(course: Course): void {
  const { tabs, lost, jitter, locks } = course
  test(`${tabs} tabs, ${lost * 100} % lost, ${jitter} ms${locks ? '' : ', no locks'}`, async ({ context, latchkey }, info) => {
    const outcome = await race(context, latchkey, course, info.repeatEachIndex)
    record(info, course, outcome)
    expect(outcome.signOuts, 'nobody is signed out by mistake').toBe(0)
    expectNoNeedlessFailure(outcome)
    expect(outcome.stolen, 'a thief is caught').toBe('replay_detected')
  })
}
