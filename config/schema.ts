/**
 * The whole configuration: what the YAML may hold, and what the system gets. Keys come out in camelCase, durations as
 * `…Ms` whatever their unit in the YAML; amounts and per cent of money are decimal text (`Numeric`), ratios and risk
 * limits numbers. Every key has a default, so that the owner's three files are enough.
 */
import { z } from 'zod'
import type { ConsensusConstants } from '../src/domain/consensus.ts'
import type { DegradationRules } from '../src/domain/degradation.ts'
import type { RiskLimits } from '../src/domain/risk-limits.ts'
import type { TaskName } from '../src/domain/tasks.ts'
import { amount } from '../src/domain/units.ts'
import { agentsSchema } from './agents.schema.ts'
import { executionSchema } from './execution.schema.ts'
import { circularTask, coordinatorSchema, type Schedule, withDependencies } from './orchestration.schema.ts'
import { portfolioSchema } from './portfolio.schema.ts'
import { riskLimits, riskSchema } from './risk.schema.ts'
import type { Secret } from './secret.ts'

type ReadCoordinator = z.output<typeof coordinatorSchema>
type ReadExecution = z.output<typeof executionSchema>

export type CoordinatorConfig = Omit<ReadCoordinator, 'schedules' | 'consensus' | 'degradation'> & {
  readonly consensus: ConsensusConstants
  readonly degradation: DegradationRules
}
export type AgentsConfig = z.output<typeof agentsSchema>
export type PortfolioConfig = z.output<typeof portfolioSchema>
/** `positionLimits.maxTotal` is the smaller of `max_total` and the older `max_open_positions`. */
export type ExecutionConfig = ReadExecution
export type { Schedule }

export interface Config {
  readonly coordinator: CoordinatorConfig
  readonly schedules: Readonly<Record<TaskName, Schedule>>
  readonly portfolio: PortfolioConfig
  readonly execution: ExecutionConfig
  readonly risk: RiskLimits
  readonly agents: AgentsConfig
  readonly storage: {
    /** PostgreSQL; null means the embedded database. */
    readonly databaseUrl: Secret | null
  }
}

/** Everything that the YAML files hold together. */
export const filesSchema = z
  .strictObject({
    coordinator: coordinatorSchema,
    portfolio: portfolioSchema,
    execution: executionSchema,
    risk: riskSchema,
    agents: agentsSchema,
  })
  .transform((read, context): Omit<Config, 'storage'> => {
    const { schedules: readSchedules, ...coordinator } = read.coordinator
    const schedules = withDependencies(readSchedules)
    const circular = circularTask(schedules)
    if (circular !== null) {
      const path = ['coordinator', 'schedules', circular, 'depends_on']
      context.addIssue({ code: 'custom', path, message: 'makes the task wait for itself' })
    }
    const execution = withSmallerLimit(read.execution)
    const { orders, positionLimits, margin } = execution
    const risk = riskLimits(read.risk, {
      maxPositions: positionLimits.maxTotal,
      maxPositionsPerSymbol: positionLimits.maxPerSymbol,
      entry: { type: orders.defaultType, lifeMs: orders.entryLifeMs },
      margin,
      slippageGuardPct: amount(orders.slippageGuardPct).toNumber(),
    })
    return { coordinator, schedules, portfolio: read.portfolio, execution, risk, agents: read.agents }
  })

function withSmallerLimit(execution: ReadExecution): ExecutionConfig {
  const { maxPerSymbol, maxTotal } = execution.positionLimits
  const smaller = Math.min(maxTotal, execution.positions.maxOpenPositions ?? maxTotal)
  return { ...execution, positionLimits: { maxPerSymbol: Math.min(maxPerSymbol, smaller), maxTotal: smaller } }
}
