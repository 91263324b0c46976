import { test } from '@playwright/test'
import { CONDITIONS } from './conditions.ts'
import { SITES, startSites } from './sites.ts'
import { Table } from './table.ts'
import { changes, firstLoads } from './visits.ts'

const ROUNDS = Number(process.env.LATCHKEY_ROUNDS ?? 7)

test('the page beside its server-rendered baseline', async ({ browser }) => {
  const sites = await startSites(browser)
  const table = new Table()
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, condition] of Object.entries(CONDITIONS)) {
      // The sites alternate, each as often first as second, so that other load on the machine affects both.
      const turns = round % 2 ? SITES.toReversed() : SITES
      for (const site of turns) {
        const url = sites.urls[site]
        table.add(name, site, await firstLoads(browser, site, url, condition))
        table.add(name, site, await changes(browser, url, sites.storageStates[site], condition))
      }
    }
  }
  await sites.end()
  console.log(table.markdown(`${ROUNDS} rounds, ${browser.browserType().name()} ${browser.version()}`))
})
