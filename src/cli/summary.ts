/** What a replay prints at its end, for a person. */
import { type ReplaySummary, STATEMENT_PARTS, summaryToTheCent } from '../domain/replay-summary.ts'
import { amount, type Numeric, sumOf } from '../domain/units.ts'
import { table } from './table.ts'

/** Types of events shown by name; the rest is one line. */
const MOST_EVENT_TYPES = 10

const PART_NAMES: Readonly<Record<(typeof STATEMENT_PARTS)[number], string>> = {
  equityStart: 'equity at start',
  tradingNet: 'trading, net',
  rebalancingFees: 'rebalancing fees',
  revaluation: 'revaluation of core',
  flows: 'deposits − withdrawals',
}

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',')

/** `-1,234.50`. */
function dollars(value: Numeric): string {
  const [whole = '0', cents = '00'] = amount(value).abs().toFixed(2).split('.')
  return `${amount(value).lt(0) ? '-' : ''}${grouped(whole)}.${cents}`
}

const count = (value: number): string => grouped(String(value))
const milliseconds = (value: number | null): string => (value === null ? '–' : `${value} ms`)

/** The statement in cents; a difference that is left is said, never spread. */
function statementLines(summary: ReplaySummary): readonly string[] {
  const rows = STATEMENT_PARTS.map((part) => [`  ${PART_NAMES[part]}`, dollars(summary[part])])
  const explained = sumOf(STATEMENT_PARTS.map((part) => amount(summary[part])))
  const unexplained = amount(summary.equityEnd).minus(explained)
  if (!unexplained.isZero()) rows.push(['  UNEXPLAINED', dollars(unexplained.toFixed(2))])
  rows.push(['  equity at end', dollars(summary.equityEnd)])
  return table(rows, [1])
}

function eventLines(eventsByType: ReplaySummary['eventsByType']): readonly string[] {
  const sorted = Object.entries(eventsByType).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  const rows = sorted.slice(0, MOST_EVENT_TYPES).map(([type, times]) => [`  ${type}`, count(times)])
  const rest = sorted.slice(MOST_EVENT_TYPES)
  const more = rest.reduce((sum, [, times]) => sum + times, 0)
  if (rest.length > 0) rows.push([`  ${rest.length} other types`, count(more)])
  return table(rows, [1])
}

/** At most 37 lines, without a line break at the end. Money in cents, so that the statement adds up as printed. */
export function formatSummary(exact: ReplaySummary): string {
  const summary = summaryToTheCent(exact)
  const { candles, seconds, protectGapMs } = summary
  const rate = seconds > 0 ? `, ${count(Math.round(candles / seconds))} a second` : ''
  const orders = Object.entries(summary.orders).filter(([, times]) => times > 0)
  const total = orders.reduce((sum, [, times]) => sum + times, 0)
  const byStatus = orders.map(([status, times]) => `${count(times)} ${status}`).join(', ')
  return [
    `Replay of ${count(candles)} candles in ${seconds.toFixed(1)} s${rate}`,
    '',
    'Account, USD',
    ...statementLines(summary),
    '',
    'Trading',
    ...table([
      ['  decisions', count(summary.decisions)],
      ['  orders', `${count(total)}${byStatus === '' ? '' : `: ${byStatus}`}`],
      ['  trades closed', count(summary.trades)],
      ['  profit, net', dollars(summary.pnlNet)],
      ['  fees paid', dollars(summary.feesPaid)],
      ['  largest drawdown', `${amount(summary.maxDrawdownPct).toFixed(2)} %`],
    ]),
    '',
    'Safety',
    ...table([
      ['  unprotected', `${summary.unprotectedSeconds} s`],
      [
        '  fill to stop',
        `median ${milliseconds(protectGapMs.p50)}, p99 ${milliseconds(protectGapMs.p99)}, most ${milliseconds(protectGapMs.max)}`,
      ],
      ['  restarts', count(summary.restarts)],
      ['  journal', `${count(summary.journalEvents)} events, ${summary.journalHash}`],
    ]),
    '',
    'Events',
    ...eventLines(summary.eventsByType),
  ].join('\n')
}
