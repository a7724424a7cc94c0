/** What each named actor hears, beside what the machines declare themselves. */
import type { AgentHears } from '../machines/agent.machine.ts'
import type { CoordinatorHears } from '../machines/coordinator.machine.ts'
import type { HodlHears } from '../machines/hodl.machine.ts'
import type { OrderHears } from '../machines/order.machine.ts'
import type { PositionHears } from '../machines/position.machine.ts'
import type { PlanHears } from '../machines/rebalance-plan.machine.ts'
import type { SystemHears } from '../machines/system.machine.ts'
import type { Flow } from '../src/domain/account-history.ts'
import type { DeadlineReached } from '../src/domain/commands.ts'
import type { Cause } from '../src/domain/degradation.ts'
import type { Fact } from '../src/domain/facts.ts'
import type { Pair, PositionId } from '../src/domain/ids.ts'
import type { Heard } from '../src/domain/reports.ts'
import type { TaskName } from '../src/domain/tasks.ts'
import type { Proposal } from '../src/domain/views.ts'
import type { ExecutionReport } from '../src/ports/exchange.ts'
import type { JournalHealth } from '../src/ports/journal.ts'
import type { MarketEvent } from '../src/ports/market-feed.ts'

export type JournalMessage = { readonly type: 'health.changed'; readonly health: JournalHealth }

export type ExchangeMessage =
  | { readonly type: 'call.ended'; readonly ok: boolean }
  | { readonly type: 'venue.reported'; readonly report: ExecutionReport }
  /** A charge for a position on margin. */
  | { readonly type: 'venue.charged'; readonly flow: Flow }
  | { readonly type: 'line.changed'; readonly up: boolean; readonly reason: string | null }

export type MarketMessage =
  | { readonly type: 'market.told'; readonly event: MarketEvent }
  | { readonly type: 'check-freshness'; readonly seenAt: number }
  | { readonly type: 'sweep-triggers' }
  | { readonly type: 'feed.crashed'; readonly problem: string }

export type PortfolioMessage = Heard &
  (
    | {
        readonly type: 'assess-proposal'
        readonly proposal: Proposal
        readonly confidence: number
        readonly viewConfidences: readonly number[]
        readonly correlationId: string
      }
    | { readonly type: 'release-reservation'; readonly positionId: PositionId }
    /** `question` names who waits for what it comes to. */
    | {
        readonly type: 'check-portfolio'
        readonly forced: boolean
        readonly by?: string
        readonly question?: string
      }
    | { readonly type: 'look-at-portfolio' }
    /** Trading was resumed or reset, or the picture proved. */
    | { readonly type: 'trading.allowed' }
  )

/** The watch over the circuit breakers. */
export type RiskMessage = Heard &
  (
    | { readonly type: 'look-at-risk' }
    /** A person's reset. */
    | { readonly type: 'acknowledge-breakers'; readonly by: string }
  )

/** The desk beside the coordinator: proposals to judge, views to remember, and sources that answered or did not. */
export type SignalsMessage =
  | { readonly type: 'proposal.heard'; readonly fact: Fact<'decision.proposed'> }
  | { readonly type: 'view.heard'; readonly fact: Fact<'ta.analysed' | 'regime.detected' | 'sentiment.scored'> }
  | { readonly type: 'source.answered'; readonly cause: Cause; readonly ok: boolean }

export type AgentMessage =
  | AgentHears
  /** A fact of the topics that the owner's table has this agent hear. */
  | { readonly type: 'fact.heard'; readonly fact: Fact }

/** Work of a task that took time is over for one subject: a symbol, or null for the one portfolio. */
export interface Settled {
  readonly subject: Pair | null
  /** Null when it went well. */
  readonly problem: string | null
}

export type ScheduleMessage =
  /** Trading has begun for the first time; later ones change nothing. */
  | { readonly type: 'start-schedule'; readonly seenAt: number }
  /** By hand; all symbols without one. */
  | {
      readonly type: 'run-task'
      readonly task: TaskName
      readonly symbol?: Pair
      readonly by: string
      readonly seenAt: number
    }
  | { readonly type: 'task.due'; readonly task: TaskName; readonly seenAt: number }
  /** The coordinator's word: whether a task is enabled is decided there. */
  | { readonly type: 'task.toggled'; readonly task: TaskName; readonly enabled: boolean }
  | (Settled & { readonly type: 'run.settled'; readonly task: TaskName; readonly run: number; readonly seenAt: number })
  | DeadlineReached

export interface Inboxes {
  system: SystemHears
  journal: JournalMessage
  exchange: ExchangeMessage
  portfolio: PortfolioMessage
  market: MarketMessage
  coordinator: CoordinatorHears
  risk: RiskMessage
  signals: SignalsMessage
  schedule: ScheduleMessage
  [order: `order:${string}`]: OrderHears
  [position: `position:${string}`]: PositionHears
  hodl: HodlHears
  [plan: `plan:${string}`]: PlanHears
  [agent: `agent:${string}`]: AgentMessage
}
