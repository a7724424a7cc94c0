/** What the API and the command line may ask of the system. Everything is plain JSON. */
import type { LatchedBreaker, RiskReading, RiskRecord } from '../domain/breakers.ts'
import type { DegradationLevel } from '../domain/degradation.ts'
import type { ExposureView } from '../domain/exposure.ts'
import type { Pair, PositionId } from '../domain/ids.ts'
import type { PortfolioSnapshot, PositionSnapshot } from '../domain/money-snapshot.ts'
import type { OrderView } from '../domain/order.ts'
import type { AllocationView } from '../domain/portfolio.ts'
import type { PositionView } from '../domain/position.ts'
import type { TaskName } from '../domain/tasks.ts'
import type { Numeric } from '../domain/units.ts'

export interface TaskStatus {
  readonly task: TaskName
  readonly enabled: boolean
  readonly intervalSeconds: number
  readonly lastRunAt: number | null
  readonly nextRunAt: number | null
  readonly runs: number
  readonly failures: number
}

export interface CoordinatorStatus {
  readonly state: 'RUNNING' | 'PAUSED' | 'HALTED'
  readonly pauseReasons: readonly string[]
  readonly haltReason: string | null
  /** Why symbols are halted: nothing that adds risk there until an admin's reset. */
  readonly haltedSymbols: Readonly<Record<string, string>>
  readonly degradation: DegradationLevel
  readonly failures: Readonly<Record<string, number>>
  readonly reconciliation: 'RECONCILING' | 'READY'
  /** Those that are latched. A pause by one is among the reasons too, under its name. */
  readonly breakers: readonly LatchedBreaker[]
  /** True in exactly one combination of the above: running, ready, not EMERGENCY, and no breaker forbids it. */
  readonly mayOpenRisk: boolean
  readonly tasks: readonly TaskStatus[]
  readonly statistics: Readonly<Record<string, number>>
}

/** A position with what it is worth now; the last three are null while there is no fresh mark. */
export interface PositionStatus extends PositionView {
  /** Gross less fees and financing of what has been closed and paid so far. */
  readonly realisedNet: Numeric
  readonly mark: Numeric | null
  /** Before fees. */
  readonly unrealisedPnl: Numeric | null
  /** Return on margin, per cent. */
  readonly unrealisedPnlPct: Numeric | null
}

/** One node of the supervision tree. */
export interface ActorNode {
  readonly name: string
  readonly status: 'running' | 'restarting' | 'stopped' | 'gaveUp'
  readonly restarts: number
  readonly lastError: string | null
  readonly state: string | null
  readonly children: readonly ActorNode[]
}

export interface SystemStatus {
  readonly mode: 'paper' | 'live' | 'backtest'
  readonly state: string
  readonly ready: boolean
  readonly notReadyBecause: readonly string[]
  readonly feed: { readonly name: string; readonly fallback: boolean; readonly reason: string | null }
  readonly database: { readonly driver: string; readonly state: 'durable' | 'away' | 'fenced' }
  readonly agents: { readonly mode: 'rules' | 'llm' }
  readonly startedAt: number
  readonly now: number
  readonly epoch: number
}

/** The trading book against the limits, and the circuit breakers. Per cent of equity; null while that is unknown. */
export interface RiskStatus {
  /** All that is remembered from one moment to the next, also what is not told yet. */
  readonly risk: RiskRecord
  /** The last reading, per cent: losses positive, null while unknown. */
  readonly readings: RiskReading & {
    /** While a mark of what is held is missing or stale, no breaker trips and nothing is opened. */
    readonly isFrozen: boolean
    readonly staleMarks: readonly string[]
  }
  /** Per cent, and losses in a row. */
  readonly thresholds: {
    readonly dailyLossPct: number
    readonly weeklyLossPct: number
    readonly drawdownPct: number
    readonly straightLosses: number
  }
  readonly breakers: readonly LatchedBreaker[]
  /** Rests that still run, milliseconds UTC by symbol. */
  readonly cooldowns: Readonly<Record<string, number>>
  readonly exposure: ExposureView
}

export interface Desk {
  system(): SystemStatus
  coordinator(): CoordinatorStatus
  risk(): RiskStatus
  positions(filter: { readonly status?: 'open' | 'closed'; readonly symbol?: Pair }): readonly PositionStatus[]
  orders(filter: { readonly live?: boolean; readonly symbol?: Pair }): readonly OrderView[]
  allocation(): AllocationView | null
  exposure(): ExposureView
  /** Configured amounts by asset that are never traded; what profits have bought comes on top. */
  configuredHodl(): Readonly<Record<string, Numeric>>
  /** The last day of an open position, one a minute, oldest first; the database has all. */
  positionSnapshots(positionId: PositionId): readonly PositionSnapshot[]
  portfolioSnapshots(): readonly PortfolioSnapshot[]
  supervision(): ActorNode
}
