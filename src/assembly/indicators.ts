/** Every indicator of a candle file, bar by bar, for the command line. */
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'
import { IndicatorSet } from '../analysis/indicator-set.ts'
import { CliError } from '../cli/parts.ts'
import { parseTime } from '../domain/utc.ts'

const FIGURES = ['open', 'high', 'low', 'close', 'volume'] as const
const TIME_COLUMNS = ['timestamp_ms', 'timestamp', 'date', 'index']

/** A bar's time: milliseconds as they are, dates as UTC, an index as itself. Null when it is none of them. */
function timeOf(given: string): number | null {
  return /^\d+$/.test(given) ? Number(given) : parseTime(given.replace(' ', 'T'))
}

/**
 * One reading a bar with `t`, the bar's time. The file begins with a header; its columns are found by name.
 * @throws CliError naming the line that is no bar.
 */
export async function* readIndicators(file: string): AsyncGenerator<Record<string, unknown>> {
  const bytes = createReadStream(file)
  const unzipped = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes
  const rows = unzipped.pipe(parse({ bom: true, trim: true, relax_column_count: true, skip_empty_lines: true }))
  bytes.on('error', (cause) => rows.destroy(cause))
  unzipped.on('error', (cause) => rows.destroy(cause))
  const set = new IndicatorSet()
  let columns: readonly string[] | null = null
  let line = 0
  try {
    for await (const row of rows as AsyncIterable<readonly string[]>) {
      line += 1
      if (columns === null) {
        columns = row.map((name) => name.toLowerCase())
        const missing = FIGURES.filter((name) => !columns?.includes(name))
        if (missing.length > 0) throw new CliError(`${file} line 1: the header has no ${missing.join(', ')}`)
        continue
      }
      const names = columns
      const at = timeOf(row[names.findIndex((name) => TIME_COLUMNS.includes(name))] ?? String(line - 2))
      const [open, high, low, close, volume] = FIGURES.map((name) => Number(row[names.indexOf(name)] || Number.NaN))
      const figures = { open, high, low, close, volume }
      const bad = FIGURES.find((name) => !Number.isFinite(figures[name]))
      if (at === null) throw new CliError(`${file} line ${line}: ${JSON.stringify(row[0])} is no time`)
      if (bad !== undefined) throw new CliError(`${file} line ${line}: ${bad} is not a number`)
      set.push({ openAt: at, ...(figures as Record<(typeof FIGURES)[number], number>) })
      yield { t: at, ...set.read() }
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    throw new CliError(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}
