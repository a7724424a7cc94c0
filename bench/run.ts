/** `npm run bench`: every subject beside its baseline, as one table. Ratios travel between machines, nanoseconds do not. */
import { busPublish } from './bus.ts'
import { exchangePrint } from './exchange.ts'
import { type HeapFigures, heapFigures } from './heap.ts'
import { journalAppend, journalOfOrders } from './journal.ts'
import { marketAdd } from './market.ts'
import { tradeTold } from './market-actor.ts'
import { type Bench, type Figures, measure, type Subject } from './measure.ts'
import { replayOfOneDay } from './replay.ts'
import { machineStep } from './step.ts'
import { tickOver, watchAnew } from './triggers.ts'
import { type VerdictFigures, verdictFigures } from './verdict.ts'
import { signalToWire } from './wire.ts'

const BENCHES: readonly Bench[] = [
  machineStep,
  busPublish,
  tickOver(0),
  tickOver(100),
  tickOver(1_000, 100),
  tickOver(10_000),
  watchAnew(10_000),
  tradeTold,
  exchangePrint,
  marketAdd,
  journalAppend,
  journalOfOrders,
  replayOfOneDay,
  signalToWire,
]

const time = (ns: number): string => {
  if (ns >= 1e6) return `${(ns / 1e6).toFixed(2)} ms`
  return ns >= 1e3 ? `${(ns / 1e3).toFixed(2)} µs` : `${ns.toFixed(0)} ns`
}
const rate = (ns: number): string => `${Math.round(1e9 / ns).toLocaleString('en')}/s`
const times = (ratio: number): string => `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio < 0.1 ? 4 : 2)} ×`

const HEAD = ['what', 'one', 'takes', 'a second', 'beside', 'takes', 'ratio']
const rowOf = ({ name, unit, baseline }: Subject, { measuredNs, bareNs, ratio }: Figures): readonly string[] => [
  ...[name, unit, time(measuredNs), rate(measuredNs), baseline, time(bareNs), times(ratio)],
]

function table(head: readonly string[], figures: readonly (readonly string[])[]): string {
  const rows = [head, ...figures]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

const VERDICT_HEAD = ['what', 'p50', 'p99', 'beside', 'p50', 'p99']
const verdictRow = ({ name, baseline, measured, bare }: VerdictFigures): readonly string[] => [
  ...[name, time(measured.p50), time(measured.p99), baseline, time(bare.p50), time(bare.p99)],
]

const HEAP_HEAD = ['heap over a million', 'grown, bytes each', 'made, bytes each', 'made by an empty loop']
const heapRow = ({ name, grown, made, madeByLoop }: HeapFigures): readonly string[] => [
  ...[name, grown.toFixed(3), made.toFixed(2), madeByLoop.toFixed(2)],
]

const rows: (readonly string[])[] = []
for (const bench of BENCHES) {
  const subject = await bench()
  if (subject === null) {
    process.stdout.write('replay of one day: skipped: no market data\n')
    continue
  }
  try {
    rows.push(rowOf(subject, await measure(subject)))
  } finally {
    await subject.close?.()
  }
}
process.stdout.write(table(HEAD, rows))
process.stdout.write(`\n${table(VERDICT_HEAD, [verdictRow(verdictFigures())])}`)
process.stdout.write(`\n${table(HEAP_HEAD, heapFigures().map(heapRow))}`)
