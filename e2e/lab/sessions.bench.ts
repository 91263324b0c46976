import { expect, test } from '../support/fixtures.ts'
import { EXPECTED, race, SETTINGS, type Course } from './race.ts'
import { record } from './table-reporter.ts'

/** How many refreshes end a round. */
const REFRESHES = 10

test.use({ settings: SETTINGS })

test.beforeEach(({ complaints }) => complaints.expect(...EXPECTED))

for (const tabs of [1, 2, 5, 10]) {
  for (const lost of [0, 0.05, 0.2]) {
    for (const jitter of [0, 150]) {
      const course: Course = { tabs, lost, jitter, refreshes: REFRESHES, patience: 60_000 }
      test(`${tabs} tabs, ${lost * 100} % lost, ${jitter} ms`, async ({ context, latchkey }, info) => {
        const outcome = await race(context, latchkey, course, info.repeatEachIndex)
        record(info, course, outcome)
        expect(outcome.signOuts, 'nobody is signed out by mistake').toBe(0)
        if (lost === 0) expect(outcome, 'nobody sees a failure').toMatchObject({ errors: [], bars: 0 })
        expect(outcome.stolen, 'a thief is caught').toBe('replay_detected')
      })
    }
  }
}
