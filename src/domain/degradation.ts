/** Degradation levels by cause: consecutive failures raise them, successes lower them. */
export const LEVELS = ['NORMAL', 'REDUCED', 'LIMITED', 'EMERGENCY'] as const
export type DegradationLevel = (typeof LEVELS)[number]
export const CAUSES = ['llm', 'exchange', 'market_data', 'database', 'budget'] as const
export type Cause = (typeof CAUSES)[number]

/** Failures of one cause. `successes` in a row count towards taking one failure off. */
export interface CauseCounter {
  readonly failures: number
  readonly successes: number
}
export type Counters = Readonly<Partial<Record<Cause, CauseCounter>>>

const MOST_FAILURES = 9
const SUCCESSES_PER_FAILURE = 3

const levelIndex = (cause: Cause, failures: number): number => {
  const index = Math.floor(failures / 3)
  return cause === 'llm' || cause === 'budget' ? Math.min(index, 2) : Math.min(index, 3)
}

/** The counters after one more success or failure of `cause`. */
export function counted(counters: Counters, cause: Cause, ok: boolean): Counters {
  const { failures, successes } = counters[cause] ?? { failures: 0, successes: 0 }
  if (!ok) return { ...counters, [cause]: { failures: Math.min(MOST_FAILURES, failures + 1), successes: 0 } }
  if (failures === 0) return counters
  const removes = successes + 1 === SUCCESSES_PER_FAILURE
  return {
    ...counters,
    [cause]: { failures: removes ? failures - 1 : failures, successes: removes ? 0 : successes + 1 },
  }
}

/** The worst cause's level: 3, 6, 9 failures; LLM and budget alone stop at LIMITED. */
export function levelOf(counters: Counters): DegradationLevel {
  let worst = 0
  for (const cause of CAUSES) worst = Math.max(worst, levelIndex(cause, counters[cause]?.failures ?? 0))
  return LEVELS[worst] ?? 'EMERGENCY'
}
