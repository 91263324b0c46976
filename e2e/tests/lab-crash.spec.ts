import { crash, CRASH_SETTINGS } from '../lab/crash.ts'
import { expect, test } from '../support/fixtures.ts'

test.use({ settings: CRASH_SETTINGS })
// The timeout is long because Chromium writes its cookies to the disk only every 30 seconds.
test.setTimeout(240_000)

test('a browser that is killed seconds after a refresh is still signed in when it starts again', async ({ latchkey }) => {
  const crashOutcome = await crash(latchkey)
  expect(crashOutcome).toEqual({ wasOld: true, signOuts: 0, said: '', sameSession: true })
})

test.describe('without the key', () => {
  test.use({ settings: { ...CRASH_SETTINGS, LATCHKEY_SESSIONS__BIND: 'off' } })

  test('the same crash looks like theft: so the cookie on the disk really was old', async ({ latchkey }) => {
    const { wasOld, signOuts, said } = await crash(latchkey)
    expect({ wasOld, signOuts }).toEqual({ wasOld: true, signOuts: 1 })
    expect(said).toContain('ended for safety')
  })
})
