/** Measuring beside a bare baseline: both in the same round, so that a slow machine slows both and the ratio stays. */

type Work = () => void | Promise<void>

export interface Subject {
  readonly name: string
  /** What the baseline is, in a few words. */
  readonly baseline: string
  /** What one operation is. */
  readonly unit: string
  readonly measured: Work
  readonly bare: Work
  /** Operations in one call of `measured`, and of `bare` where that is another number. */
  readonly operations: number
  readonly bareOperations?: number
  /** 9 unless told; one more goes before them to warm up. */
  readonly rounds?: number
  /** Brings everything back before each call of `measured`; not timed. */
  readonly between?: () => Promise<void>
  readonly close?: () => Promise<void>
}

/** Null where what it needs is not there: market data. */
export type Bench = () => Promise<Subject | null>

export interface Figures {
  /** Nanoseconds an operation, medians over the rounds. */
  readonly measuredNs: number
  readonly bareNs: number
  /** Median of the rounds' own ratios: how many times the baseline it takes. */
  readonly ratio: number
}

const ROUNDS = 9
const NS_PER_MS = 1e6

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

async function nanosecondsOf(work: Work, operations: number): Promise<number> {
  const from = performance.now()
  await work()
  return ((performance.now() - from) * NS_PER_MS) / operations
}

export async function measure(subject: Subject): Promise<Figures> {
  const { measured, bare, operations, bareOperations = operations, rounds = ROUNDS } = subject
  const seen: { readonly measuredNs: number; readonly bareNs: number }[] = []
  for (let round = -1; round < rounds; round += 1) {
    const bareNs = await nanosecondsOf(bare, bareOperations)
    await subject.between?.()
    const measuredNs = await nanosecondsOf(measured, operations)
    if (round >= 0) seen.push({ measuredNs, bareNs })
  }
  return {
    measuredNs: median(seen.map((one) => one.measuredNs)),
    bareNs: median(seen.map((one) => one.bareNs)),
    ratio: median(seen.map((one) => one.measuredNs / one.bareNs)),
  }
}

/** Nanoseconds of single operations: the middle one, and the one that 99 of 100 are below. */
export interface Spread {
  readonly p50: number
  readonly p99: number
}

/** Each operation timed by itself, the clock's own tens of nanoseconds with it; a tenth of them goes before to warm up. */
export function spreadOf<Given>(all: readonly Given[], work: (one: Given) => void): Spread {
  for (const one of all.slice(0, all.length / 10)) work(one)
  const taken = all.map((one) => {
    const from = performance.now()
    work(one)
    return (performance.now() - from) * NS_PER_MS
  })
  taken.sort((a, b) => a - b)
  const at = (share: number): number => taken[Math.floor(share * (taken.length - 1))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}
