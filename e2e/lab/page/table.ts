import type { Name } from './sites.ts'
import type { Figures } from './visits.ts'

/** Figures of a run, by condition, by measurement, and by site. */
export class Table {
  private readonly figures = new Map<string, Map<string, Record<Name, number[]>>>()

  add(condition: string, site: Name, figures: Figures): void {
    const rows = this.figures.get(condition) ?? new Map<string, Record<Name, number[]>>()
    this.figures.set(condition, rows)
    for (const [what, figure] of Object.entries(figures)) {
      const row = rows.get(what) ?? { page: [], baseline: [] }
      rows.set(what, row)
      row[site].push(figure)
    }
  }

  /** Returns Markdown tables with the medians, their spread, and the ratio of the page to the baseline. */
  markdown(legend: string): string {
    const tables = [...this.figures].map(([condition, rows]) => {
      const lines = [...rows].map(([what, { page, baseline }]) => {
        const ratio = (median(page) / median(baseline)).toFixed(2)
        return line([what, spread(what, page), spread(what, baseline), ratio])
      })
      return [line([condition, 'page', 'server-rendered', 'ratio']), line(['---', '---:', '---:', '---:']), ...lines].join('\n')
    })
    return `\n${tables.join('\n\n')}\n\n${legend}`
  }
}

/** Returns the median; NaN without figures. */
export function median(figures: number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** Returns the median and the interquartile range as text. */
function spread(what: string, figures: number[]): string {
  const sorted = figures.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? NaN
  const write = what.startsWith('bytes') ? kilobytes : milliseconds
  return `${write(at(0.5))} (${write(at(0.25))}–${write(at(0.75))})`
}

function milliseconds(figure: number): string {
  return figure < 10 ? figure.toFixed(1) : figure.toFixed(0)
}

function kilobytes(figure: number): string {
  return `${(figure / 1000).toFixed(1)} KB`
}

function line(cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}
