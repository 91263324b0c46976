import { expect, test } from '../support/fixtures.ts'
import { EXPECTED, expectNoNeedlessFailure, race, SETTINGS, type Scenario } from './race.ts'
import { crash, CRASH_SETTINGS } from './crash.ts'
import { recordRound, recordCrash } from './table-reporter.ts'

/** End of a round: a number of refreshes, or a timeout in milliseconds. */
const ENOUGH = { refreshes: 10, timeout: 60_000 }

test.use({ settings: SETTINGS })

test.beforeEach(({ consoleErrors }) => consoleErrors.expect(...EXPECTED))

for (const tabs of [1, 2, 5, 10]) {
  for (const lost of [0, 0.05, 0.2]) {
    for (const jitter of [0, 150]) measure({ tabs, lost, jitter, locks: true, ...ENOUGH })
  }
}
for (const lost of [0, 0.2]) measure({ tabs: 5, lost, jitter: 150, locks: false, ...ENOUGH })

for (const settings of [CRASH_SETTINGS, { ...CRASH_SETTINGS, LATCHKEY_SESSIONS__BIND: 'off' }]) {
  const keyed = settings === CRASH_SETTINGS
  test.describe(`browser crash ${keyed ? 'with' : 'without'} the key`, () => {
    test.use({ settings })
    test(`killed seconds after a refresh, ${keyed ? 'with' : 'without'} the key`, async ({ latchkey }, info) => {
      const crashOutcome = await crash(latchkey)
      recordCrash(info, keyed, crashOutcome)
      expect(crashOutcome.wasOld, 'the cookie on the disk is one rotation old').toBe(true)
      expect(crashOutcome.signOuts, 'the key tells a crash from a theft').toBe(keyed ? 0 : 1)
    })
  })
}

function measure(scenario: Scenario): void {
  const { tabs, lost, jitter, locks } = scenario
  test(`${tabs} tabs, ${lost * 100} % lost, ${jitter} ms${locks ? '' : ', no locks'}`, async ({ context, latchkey }, info) => {
    const outcome = await race(context, latchkey, scenario, info.repeatEachIndex)
    recordRound(info, scenario, outcome)
    expect(outcome.signOuts, 'nobody is signed out by mistake').toBe(0)
    expectNoNeedlessFailure(outcome)
    expect(outcome.stolen, 'a thief is caught').toBe('replay_detected')
  })
}
