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

/** Consecutive failures from which each level holds, and how many successes in a row take one failure off. */
export interface DegradationRules {
  readonly reducedAt: number
  readonly limitedAt: number
  /** Counting stops here. */
  readonly emergencyAt: number
  readonly successesPerFailure: number
}

export const DEFAULT_DEGRADATION: DegradationRules = {
  reducedAt: 3,
  limitedAt: 6,
  emergencyAt: 9,
  successesPerFailure: 3,
}

const levelIndex = (cause: Cause, failures: number, rules: DegradationRules): number => {
  const { reducedAt, limitedAt, emergencyAt } = rules
  const index = [reducedAt, limitedAt, emergencyAt].filter((threshold) => failures >= threshold).length
  return cause === 'llm' || cause === 'budget' ? Math.min(index, 2) : index
}

/** The counters after one more success or failure of `cause`. */
export function counted(
  counters: Counters,
  cause: Cause,
  ok: boolean,
  rules: DegradationRules = DEFAULT_DEGRADATION,
): Counters {
  const { failures, successes } = counters[cause] ?? { failures: 0, successes: 0 }
  if (!ok) return { ...counters, [cause]: { failures: Math.min(rules.emergencyAt, failures + 1), successes: 0 } }
  if (failures === 0) return counters
  const removes = successes + 1 >= rules.successesPerFailure
  return {
    ...counters,
    [cause]: { failures: removes ? failures - 1 : failures, successes: removes ? 0 : successes + 1 },
  }
}

/** The worst cause's level: by default from 3, 6, 9 failures; LLM and budget alone stop at LIMITED. */
export function levelOf(counters: Counters, rules: DegradationRules = DEFAULT_DEGRADATION): DegradationLevel {
  let worst = 0
  for (const cause of CAUSES) worst = Math.max(worst, levelIndex(cause, counters[cause]?.failures ?? 0, rules))
  return LEVELS[worst] ?? 'EMERGENCY'
}
