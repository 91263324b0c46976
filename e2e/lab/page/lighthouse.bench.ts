import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium, expect, test } from '@playwright/test'
import { startCaddy } from '../../support/caddy.ts'
import { PAGE } from '../../support/origin.ts'
import { ADA, signUp } from '../../support/people.ts'
import { sparePort } from '../../support/ports.ts'
import { Server } from '../../support/server.ts'
import { median } from './table.ts'

/** npm package, fetched on demand: larger than all other tools together. The last version that runs on Node 20. */
const LIGHTHOUSE = 'lighthouse@12.8.2'

const ROUNDS = Number(process.env.LATCHKEY_ROUNDS ?? 3)
/** Minimum score of each category, as the median of the rounds. */
const BAR = 95
const CATEGORIES = ['performance', 'accessibility', 'best-practices']
/** Metrics of the performance score. */
const METRICS = {
  'first contentful paint': 'first-contentful-paint',
  'largest contentful paint': 'largest-contentful-paint',
  'total blocking time': 'total-blocking-time',
  'layout shift': 'cumulative-layout-shift',
}

interface Verdict {
  scores: number[]
  metrics: string[]
  /** Failed audits, apart from the timings. */
  faults: string[]
}

test('Lighthouse, mobile', async ({ launchOptions }) => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-lighthouse-'))
  const url = `http://localhost:${await sparePort()}`
  const server = await Server.start(url, {})
  const caddy = await startCaddy(folder, { url, page: PAGE, apiPort: server.port })
  const port = await sparePort()
  const args = [...(launchOptions.args ?? []), `--remote-debugging-port=${port}`]
  const rows: string[][] = []
  const below: string[] = []
  for (const [path, signedIn] of [['/login', false], ['/account/sessions', true]] as const) {
    const browser = await chromium.launchPersistentContext(join(folder, signedIn ? 'in' : 'out'), {
      ...launchOptions,
      args,
      baseURL: url,
      locale: 'en-US',
    })
    if (signedIn) await signUp(await browser.newPage(), ADA)
    const verdicts: Verdict[] = []
    for (let round = 0; round < ROUNDS; round += 1) verdicts.push(await judge(url + path, port, folder))
    await browser.close()
    const scores = CATEGORIES.map((category, index) => {
      const all = verdicts.map(({ scores }) => scores[index] ?? 0)
      if (median(all) < BAR) below.push(`${category} of ${path}: ${median(all)}`)
      return `${median(all)} (${Math.min(...all)}–${Math.max(...all)})`
    })
    rows.push([path, ...scores, ...(verdicts.at(-1)?.metrics ?? [])])
    for (const fault of new Set(verdicts.flatMap(({ faults }) => faults))) console.log(`${path}: ${fault}`)
  }
  await caddy.stop()
  await server.end()
  await rm(folder, { recursive: true, force: true })
  const head = ['page', ...CATEGORIES, ...Object.keys(METRICS)]
  console.log(`\n${[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n${LIGHTHOUSE}, ${ROUNDS} rounds`)
  expect(below, `below ${BAR}`).toEqual([])
})

async function judge(url: string, port: number, folder: string): Promise<Verdict> {
  const output = join(folder, 'report.json')
  await promisify(execFile)('npx', [
    '--yes',
    LIGHTHOUSE,
    url,
    `--port=${port}`,
    '--quiet',
    '--output=json',
    `--output-path=${output}`,
    `--only-categories=${CATEGORIES.join(',')}`,
    // The storage must not be reset: it contains the sign-in.
    '--disable-storage-reset',
  ])
  const report = JSON.parse(await readFile(output, 'utf8')) as Report
  const faults = Object.values(report.audits).filter(({ score, scoreDisplayMode }) => score === 0 && scoreDisplayMode === 'binary')
  return {
    scores: CATEGORIES.map((category) => Math.round((report.categories[category]?.score ?? 0) * 100)),
    metrics: Object.values(METRICS).map((id) => report.audits[id]?.displayValue ?? ''),
    faults: faults.map(({ id, title }) => `${id}: ${title}`),
  }
}

interface Report {
  categories: Record<string, { score: number | null }>
  audits: Record<string, { id: string; title: string; score: number | null; scoreDisplayMode: string; displayValue?: string }>
}
