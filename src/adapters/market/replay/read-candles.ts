/** Reads one candle file, plain or gzipped, as a stream, and checks every line. */
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { CsvError, parse } from 'csv-parse'
import { TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { CandleFile } from './candle-files.ts'
import type { CandleTable } from './candle-table.ts'
import { ReplayError } from './replay-error.ts'

const HEADER = 'timestamp_ms,open,high,low,close,volume'
const DECIMAL = /^\d+(?:\.\d+)?$/
const TIMESTAMP = /^\d{10,15}$/
const NUMBERS = ['open', 'high', 'low', 'close', 'volume'] as const

/**
 * Appends the file's rows with `openAt < to` to the table; later rows are not read.
 * @throws ReplayError `malformed-line`, `not-ascending` (both with file and line), `unreadable`.
 */
export async function readCandles(file: CandleFile, to: number, table: CandleTable): Promise<void> {
  let line = 0
  let previous = table.length === 0 ? Number.NEGATIVE_INFINITY : table.openAt(table.length - 1)
  const barMs = TIMEFRAME_MS[file.timeframe]
  try {
    for await (const batch of linesOf(file)) {
      line += 1
      const fields = batch as readonly string[]
      if (line === 1) {
        if (fields.join(',') !== HEADER) throw malformed(file, line, `the header is not ${HEADER}`)
        continue
      }
      if (fields.length === 1 && fields[0] === '') continue
      const problem = problemOf(fields, barMs)
      if (problem !== null) throw malformed(file, line, problem)
      const openAt = Number(fields[0])
      if (openAt <= previous) {
        const what = openAt === previous ? 'repeats' : 'goes back before'
        throw new ReplayError(
          'not-ascending',
          `${file.name} line ${line}: ${openAt} ${what} the candle before it (${previous})`,
          file.name,
          line,
        )
      }
      if (openAt >= to) return
      previous = openAt
      table.push(openAt, `${fields[1]},${fields[2]},${fields[3]},${fields[4]},${fields[5]}`)
    }
  } catch (cause) {
    if (cause instanceof ReplayError) throw cause
    const problem = cause instanceof Error ? cause.message : String(cause)
    if (cause instanceof CsvError) throw malformed(file, line + 1, problem)
    throw new ReplayError('unreadable', `${file.name} cannot be read after line ${line}: ${problem}`, file.name, line)
  }
  if (line === 0) throw malformed(file, 1, 'the file is empty')
}

/** The file's lines as arrays of fields. One record is one line: quoting is off. */
function linesOf(file: CandleFile): AsyncIterable<unknown> {
  const parser = parse({ quote: false, relax_column_count: true, bom: true, trim: true, max_record_size: 10_000 })
  const bytes = createReadStream(file.path, { highWaterMark: 1 << 18 })
  bytes.on('error', (cause) => parser.destroy(cause))
  parser.on('close', () => bytes.destroy())
  if (!file.path.endsWith('.gz')) return bytes.pipe(parser)
  const gunzip = createGunzip()
  gunzip.on('error', (cause) => parser.destroy(cause))
  return bytes.pipe(gunzip).pipe(parser)
}

const malformed = (file: CandleFile, line: number, problem: string): ReplayError =>
  new ReplayError('malformed-line', `${file.name} line ${line}: ${problem}`, file.name, line)

/** Why a line is no candle; null when it is one. */
function problemOf(fields: readonly string[], barMs: number): string | null {
  if (fields.length !== 6) return `${fields.length} fields where 6 are expected`
  const [at = '', open = '', high = '', low = '', close = ''] = fields
  if (!TIMESTAMP.test(at)) return `timestamp ${JSON.stringify(at)} is not milliseconds`
  if (Number(at) % barMs !== 0) return `timestamp ${at} is not the opening of a bar`
  for (const [index, name] of NUMBERS.entries()) {
    const given = fields[index + 1] ?? ''
    if (!DECIMAL.test(given)) return `${name} ${JSON.stringify(given)} is not a decimal number`
  }
  // Reading a text as a float keeps its order, so comparing the floats never refuses what the decimals allow.
  const lowest = Number(low)
  if (lowest <= 0) return `low ${low} is not above zero`
  if (lowest > Math.min(Number(open), Number(close))) return `low ${low} is above open ${open} or close ${close}`
  if (Number(high) < Math.max(Number(open), Number(close)))
    return `high ${high} is below open ${open} or close ${close}`
  return null
}
