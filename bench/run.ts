/** `npm run bench`: every subject beside its baseline, as one table. Ratios travel between machines, nanoseconds do not. */
import { busPublish } from './bus.ts'
import { exchangePrint } from './exchange.ts'
import { journalAppend, journalOfOrders } from './journal.ts'
import { marketAdd } from './market.ts'
import { type Bench, type Figures, measure, type Subject } from './measure.ts'
import { replayOfOneDay } from './replay.ts'
import { machineStep } from './step.ts'
import { triggerTick } from './triggers.ts'
import { signalToWire } from './wire.ts'

const BENCHES: readonly Bench[] = [
  machineStep,
  busPublish,
  triggerTick(1_000),
  triggerTick(10_000),
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

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

const rows: (readonly string[])[] = [HEAD]
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
process.stdout.write(table(rows))
