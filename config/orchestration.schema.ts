/** `coordinator:` of orchestration.yaml: symbols, schedules, consensus, conflicts, degradation. */
import { z } from 'zod'
import { DEFAULT_CONSENSUS as agreed } from '../src/domain/consensus.ts'
import { DEFAULT_DEGRADATION as degraded } from '../src/domain/degradation.ts'
import { parseTask, TASKS, type TaskName } from '../src/domain/tasks.ts'
import { paymentProblem } from '../src/domain/trading-money.ts'
import { flag, integer, listOf, milliseconds, number, oneOf, seconds, section, symbol, words } from './scalars.ts'

const model = (provider: string, name: string) =>
  section({
    provider: oneOf(['deepseek', 'anthropic', 'openai', 'xai', 'local']).default(provider as 'deepseek'),
    model: words().default(name),
  }).prefault({})

const tradedSymbol = () =>
  symbol().superRefine((given, context) => {
    const message = paymentProblem(given)
    if (message !== null) context.addIssue({ code: 'custom', message })
  })

const taskName = () =>
  words().transform((given, context): TaskName => {
    const task = parseTask(given)
    if (task !== null) return task
    context.addIssue({ code: 'custom', message: `must be one of ${TASKS.join(', ')}` })
    return z.NEVER
  })

interface TaskDefaults {
  readonly intervalSeconds: number
  readonly timeoutSeconds: number
  readonly symbolsAtOnce: number
  readonly firstRunSeconds?: number
  readonly enabled?: boolean
}

const task = ({ intervalSeconds, timeoutSeconds, symbolsAtOnce, firstRunSeconds = 0, enabled = true }: TaskDefaults) =>
  section({
    interval_seconds: seconds().default(intervalSeconds * 1000),
    timeout_seconds: seconds().default(timeoutSeconds * 1000),
    first_run_after_seconds: seconds({ min: 0 }).default(firstRunSeconds * 1000),
    symbols_at_once: integer({ min: 1, max: 50 }).default(symbolsAtOnce),
    depends_on: listOf(taskName()).optional(),
    enabled: flag().default(enabled),
  }).prefault({})

const schedules = z
  .strictObject({
    ta_analysis: task({ intervalSeconds: 60, timeoutSeconds: 30, symbolsAtOnce: 3 }),
    regime_detection: task({ intervalSeconds: 300, timeoutSeconds: 30, symbolsAtOnce: 3 }),
    sentiment_analysis: task({ intervalSeconds: 1800, timeoutSeconds: 60, symbolsAtOnce: 2, enabled: false }),
    trading_decision: task({ intervalSeconds: 3600, timeoutSeconds: 60, symbolsAtOnce: 3 }),
    portfolio_check: task({ intervalSeconds: 3600, timeoutSeconds: 30, symbolsAtOnce: 1, firstRunSeconds: 60 }),
  })
  .prefault({})

const consensus = section({
  boost_from: number({ min: 0, max: 1 }).default(agreed.boostFrom),
  boost_pivot: number({ min: 0, max: 1 }).default(agreed.boostPivot),
  boost_slope: number({ min: 0, max: 1 }).default(agreed.boostSlope),
  neutral_from: number({ above: 0, max: 1 }).default(agreed.neutralFrom),
  least_multiplier: number({ above: 0, max: 1 }).default(agreed.leastMultiplier),
  least_confidence: number({ min: 0, max: 1 }).default(agreed.leastConfidence),
  technical_max_age_seconds: seconds().default(agreed.technicalMaxAgeMs),
  regime_max_age_seconds: seconds().default(agreed.regimeMaxAgeMs),
  sentiment_max_age_seconds: seconds().default(agreed.sentimentMaxAgeMs),
})
  .superRefine(({ neutralFrom, boostFrom }, context) => {
    if (neutralFrom <= boostFrom) return
    context.addIssue({ code: 'custom', path: ['neutral_from'], message: 'must not be above boost_from' })
  })
  .prefault({})

const degradation = section({
  reduced_at: integer({ min: 1 }).default(degraded.reducedAt),
  limited_at: integer({ min: 1 }).default(degraded.limitedAt),
  emergency_at: integer({ min: 1 }).default(degraded.emergencyAt),
  successes_per_failure: integer({ min: 1 }).default(degraded.successesPerFailure),
})
  .superRefine(({ reducedAt, limitedAt, emergencyAt }, context) => {
    if (reducedAt < limitedAt && limitedAt < emergencyAt) return
    context.addIssue({ code: 'custom', message: 'must rise: reduced_at < limited_at < emergency_at' })
  })
  .prefault({})

export const coordinatorSchema = section({
  llm: section({
    primary: model('deepseek', 'deepseek-chat'),
    fallback: model('anthropic', 'claude-3-5-sonnet-20241022'),
  }).prefault({}),
  symbols: listOf(tradedSymbol())
    .min(1, { error: 'must name at least one symbol' })
    .refine((symbols) => new Set(symbols).size === symbols.length, { error: 'names a symbol twice' })
    .prefault(['BTC/USDT', 'XRP/USDT']),
  schedules,
  max_tasks_at_once: integer({ min: 1, max: 50 }).default(5),
  conflicts: section({
    invoke_llm_threshold: number({ min: 0, max: 1 }).default(0.2),
    max_resolution_time_ms: milliseconds({ min: 1 }).default(10_000),
  }).prefault({}),
  consensus,
  degradation,
}).prefault({})

type ReadSchedules = z.output<typeof schedules>

export interface Schedule {
  readonly enabled: boolean
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Earliest first run, counted from the start. */
  readonly firstRunAfterMs: number
  /** How many symbols are worked on at the same time. */
  readonly symbolsAtOnce: number
  /** Tasks that must have run since this one's last run. */
  readonly dependsOn: readonly TaskName[]
}

/** Fills in what each task waits for where the file does not say. */
export function withDependencies(read: ReadSchedules): Readonly<Record<TaskName, Schedule>> {
  const sentiment: readonly TaskName[] = read.sentiment_analysis.enabled ? ['sentiment_analysis'] : []
  const usual: Readonly<Record<TaskName, readonly TaskName[]>> = {
    ta_analysis: [],
    regime_detection: ['ta_analysis'],
    sentiment_analysis: [],
    trading_decision: ['ta_analysis', 'regime_detection', ...sentiment],
    portfolio_check: [],
  }
  const schedule = (name: TaskName): Schedule => {
    const { dependsOn, ...rest } = read[name]
    return { ...rest, dependsOn: dependsOn ?? usual[name] }
  }
  return {
    ta_analysis: schedule('ta_analysis'),
    regime_detection: schedule('regime_detection'),
    sentiment_analysis: schedule('sentiment_analysis'),
    trading_decision: schedule('trading_decision'),
    portfolio_check: schedule('portfolio_check'),
  }
}

/** A task that waits for itself, directly or around a circle; null when none does. */
export function circularTask(schedules: Readonly<Record<TaskName, Schedule>>): TaskName | null {
  const reaches = (from: TaskName, target: TaskName, seen: ReadonlySet<TaskName>): boolean =>
    schedules[from].dependsOn.some(
      (next) => next === target || (!seen.has(next) && reaches(next, target, new Set([...seen, next]))),
    )
  return TASKS.find((name) => reaches(name, name, new Set())) ?? null
}
