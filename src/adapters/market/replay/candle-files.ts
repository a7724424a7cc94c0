/** Which candle files answer for a symbol, a time frame and a window: judged by their names alone. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { TIMEFRAMES, type Timeframe } from '../../../domain/candle.ts'
import { type Pair, parsePair } from '../../../domain/ids.ts'
import type { Log } from '../../../ports/log.ts'
import { ReplayError } from './replay-error.ts'

/** One file by its name `<venue>_<PAIR>_<timeframe>_<from>_<to>.csv[.gz]`. */
export interface CandleFile {
  readonly path: string
  readonly name: string
  readonly venue: string
  readonly symbol: Pair
  readonly timeframe: Timeframe
  /** First day, milliseconds UTC. */
  readonly from: number
  /** End of the last day, exclusive, milliseconds UTC. */
  readonly to: number
}

export interface Window {
  /** Inclusive. */
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

const NAME =
  /^(?<venue>[A-Za-z0-9]+)_(?<pair>[A-Z0-9]+)_(?<timeframe>\d+[mhdw])_(?<from>\d{8})_(?<to>\d{8})\.csv(?:\.gz)?$/
const NAME_PATTERN = '<venue>_<PAIR>_<timeframe>_<from>_<to>.csv or .csv.gz'
const QUOTES = ['USDT', 'USDC', 'USD', 'EUR', 'GBP', 'BTC', 'ETH']
const DAY_MS = 86_400_000

/** `XBTUSDT` and `BTCUSDT` are BTC/USDT; null when no known quote ends the name. */
function pairOfName(name: string): Pair | null {
  const ours = name.replace('XBT', 'BTC').replace('XDG', 'DOGE')
  const quote = QUOTES.find((code) => ours.endsWith(code) && ours.length > code.length)
  return quote === undefined ? null : parsePair(`${ours.slice(0, -quote.length)}/${quote}`)
}

/** `20210402` as milliseconds UTC; null for a day that does not exist. */
function dayOf(digits: string): number | null {
  const iso = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6, 8)}`
  const at = Date.parse(`${iso}T00:00:00Z`)
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== iso ? null : at
}

/** What a file's name says; null when it does not follow the pattern. */
function parseCandleFileName(path: string): CandleFile | null {
  const name = basename(path)
  const parts = NAME.exec(name)?.groups
  if (parts === undefined) return null
  const symbol = pairOfName(parts.pair ?? '')
  const timeframe = TIMEFRAMES.find((known) => known === parts.timeframe)
  const from = dayOf(parts.from ?? '')
  const last = dayOf(parts.to ?? '')
  if (symbol === null || timeframe === undefined || from === null || last === null || last < from) return null
  return { path, name, venue: (parts.venue ?? '').toLowerCase(), symbol, timeframe, from, to: last + DAY_MS }
}

/**
 * Every candle file of a folder, or the one file, by name. Names that do not match are skipped and logged; `venue`
 * (the command line's `--source`) keeps that venue's files only.
 * @throws ReplayError `source-missing`, `bad-name` (one file whose name says nothing).
 */
export async function listCandleFiles(source: string, venue: string | null, log: Log): Promise<readonly CandleFile[]> {
  const found = await stat(source).catch((cause: Error) => {
    throw new ReplayError(
      'source-missing',
      `replay source ${source} cannot be read: ${cause.message}; name a candle file or a folder of them`,
    )
  })
  if (!found.isDirectory()) {
    const file = parseCandleFileName(source)
    if (file === null) {
      throw new ReplayError('bad-name', `${basename(source)} does not say what it holds: name it ${NAME_PATTERN}`)
    }
    return [file]
  }
  const files: CandleFile[] = []
  const skipped: string[] = []
  for (const name of (await readdir(source)).sort()) {
    const file = parseCandleFileName(join(source, name))
    if (file === null) skipped.push(name)
    else if (venue === null || file.venue === venue.toLowerCase()) files.push(file)
  }
  if (skipped.length > 0) log.info('skipped files whose names are no candle files', { folder: source, skipped })
  return files
}

const overlapOf = (a: Window, b: Window, within: Window): number =>
  Math.min(a.to, b.to, within.to) - Math.max(a.from, b.from, within.from)

/**
 * The files of one symbol and time frame that touch the window, oldest first. Files that share no more than the day
 * on which one ends and the next begins are neighbours: their rows are checked when they are read.
 * @throws ReplayError `overlap` when two of them cover the same days of the window.
 */
export function filesFor(
  files: readonly CandleFile[],
  symbol: Pair,
  timeframe: Timeframe,
  window: Window,
): readonly CandleFile[] {
  const candidates = files
    .filter((file) => file.symbol === symbol && file.timeframe === timeframe && overlapOf(file, file, window) > 0)
    .sort((a, b) => a.from - b.from || a.to - b.to || a.name.localeCompare(b.name))
  const clashing = candidates.filter((file) =>
    candidates.some((other) => other !== file && overlapOf(file, other, window) > 0 && !areNeighbours(file, other)),
  )
  if (clashing.length > 0) {
    throw new ReplayError(
      'overlap',
      `${symbol} ${timeframe} is covered more than once between ${day(window.from)} and ${day(window.to)}: ` +
        `${clashing.map((file) => file.name).join(', ')}. Choose one venue with --source.`,
    )
  }
  return candidates
}

const areNeighbours = (a: CandleFile, b: CandleFile): boolean =>
  a.venue === b.venue && (a.to - DAY_MS === b.from || b.to - DAY_MS === a.from) && a.from !== b.from

/** `2021-05-10`, for messages. */
export const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** One line that names what there is, for errors about what there is not. */
export function describeFiles(files: readonly CandleFile[]): string {
  if (files.length === 0) return 'there are no candle files'
  return `there is ${files.map((file) => file.name).join(', ')}`
}
