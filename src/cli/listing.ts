/** What lists have in common: their filters, and printing them as CSV. */
import { type Command, Option } from 'commander'
import type { Pair } from '../domain/ids.ts'
import { isoTime } from '../domain/utc.ts'
import { symbolArgument, timeArgument } from './arguments.ts'
import { type AskArguments, addAskOptions, csvLines, queryOf } from './ask.ts'
import { refuse } from './exit.ts'
import type { CliParts } from './parts.ts'

const PAGE_ROWS = '100'

export interface ListArguments extends AskArguments {
  readonly symbol?: Pair
  readonly side?: string
  readonly book?: string
  readonly from?: number
  readonly to?: number
  readonly csv?: boolean
}
export interface StatusArguments {
  readonly closed?: boolean
  readonly all?: boolean
  readonly status?: string
}

/** The options of orders and fills; `about` says what their times are. */
export const addListOptions = (command: Command, about: string): Command =>
  addSpanOptions(command, about)
    .addOption(new Option('--side <side>', 'of one side only').choices(['buy', 'sell']))
    .addOption(new Option('--book <book>', 'of one book only').choices(['trading', 'core']))

/** The options of every list. */
export const addSpanOptions = (command: Command, about: string): Command =>
  addAskOptions(command)
    .option('--symbol <pair>', 'of one pair only', symbolArgument)
    .option('--from <time>', `${about} at or after it: YYYY-MM-DD or ISO, UTC`, timeArgument)
    .option('--to <time>', `${about} before it`, timeArgument)
    .option('--csv', 'print all of them as CSV, for spreadsheets and tax programs')

/** Which of what lives and what has ended is meant. */
export const addStatusOptions = (command: Command, statuses: string): Command =>
  command
    .option('--closed', 'those that have ended')
    .option('--all', 'open and closed')
    .option('--status <status>', `${statuses} (default: open)`)

/** Which are meant, in the API's word; nothing where none was named. */
export function statusOf(command: Command, { closed, all, status }: StatusArguments): string | undefined {
  const meant = [closed ? 'closed' : undefined, all ? 'all' : undefined, status].filter((one) => one !== undefined)
  if (meant.length > 1) refuse(command, 'give one of --closed, --all and --status')
  return meant[0]
}

const timeOf = (at: number | undefined): string | undefined => (at === undefined ? undefined : isoTime(at))

/** The API's path of a list. */
export function listPath(
  noun: 'orders' | 'fills' | 'positions',
  { symbol, side, book, from, to }: ListArguments,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  return `/api/v1/${noun}${queryOf({ ...more, symbol, side, book, from: timeOf(from), to: timeOf(to) })}`
}

export const refuseTwoForms = (command: Command, { json, csv }: ListArguments): void => {
  if (json && csv) refuse(command, 'give either --json or --csv')
}

/** Prints the list at this path to its end, in pages that are each quickly there. */
export async function printCsv(parts: CliParts, base: string, path: string): Promise<void> {
  const paged = `${path}${path.includes('?') ? '&' : '?'}format=csv&limit=${PAGE_ROWS}`
  for await (const line of csvLines(parts, base, paged)) parts.out(`${line}\r`)
}

/** What follows a list that goes on. */
export const olderLines = (nextCursor: string | null, shown: number): readonly string[] =>
  nextCursor === null ? [] : [`the newest ${shown}; all of them with --csv, older ones with --to`]
