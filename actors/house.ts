/** What every actor is handed: the ports, the names of the others, the books, and the settings that it reads. */

import type { DecisionRules, RegimeChangeRules } from '../src/domain/agent-rules.ts'
import type { RebalanceSettings, Targets } from '../src/domain/allocation.ts'
import type { DcaSettings } from '../src/domain/dca.ts'
import type { DeadManRules } from '../src/domain/dead-man.ts'
import type { DegradationRules } from '../src/domain/degradation.ts'
import type { Fact, FactDraft } from '../src/domain/facts.ts'
import type { HodlRules } from '../src/domain/hodl.ts'
import type { Pair } from '../src/domain/ids.ts'
import type { Instrument } from '../src/domain/instrument.ts'
import type { OrderPolicy } from '../src/domain/order-story.ts'
import type { PacingRules } from '../src/domain/pacing.ts'
import type { PositionPolicy } from '../src/domain/position-policy.ts'
import type { RiskLimits } from '../src/domain/risk-limits.ts'
import type { SignalRules } from '../src/domain/signal.ts'
import type { TaskName } from '../src/domain/tasks.ts'
import type { Numeric } from '../src/domain/units.ts'
import type { Bus } from '../src/ports/bus.ts'
import type { CandleStore } from '../src/ports/candle-store.ts'
import type { Clock, IdSource, RandomSource, Stopwatch } from '../src/ports/clock.ts'
import type { Exchange } from '../src/ports/exchange.ts'
import type { Journal } from '../src/ports/journal.ts'
import type { Log } from '../src/ports/log.ts'
import type { MarketFeed } from '../src/ports/market-feed.ts'
import type { SnapshotStore } from '../src/ports/snapshot-store.ts'
import type { Addresses } from './addresses.ts'
import type { Books } from './books.ts'
import { type PacedExchange, pacedExchange } from './paced-exchange.ts'
import type { Timers } from './supervision/timers.ts'

export interface TaskSettings {
  readonly enabled: boolean
  readonly intervalMs: number
  readonly timeoutMs: number
  /** After trading began; 0 runs at once. */
  readonly firstAfterMs: number
  readonly dependsOn: readonly TaskName[]
  /** Symbols that may be at work at once. */
  readonly symbolsAtOnce: number
}

export interface Settings {
  readonly mode: 'paper' | 'live' | 'backtest'
  /** Traded by the agents. */
  readonly symbols: readonly Pair[]
  /** Traded, or needed to value what is held: those the feed is asked for. */
  readonly watched: readonly Pair[]
  readonly instruments: readonly Instrument[]
  readonly limits: RiskLimits
  readonly signals: SignalRules
  readonly degradation: DegradationRules
  readonly tasks: Readonly<Record<TaskName, TaskSettings>>
  readonly tasksAtOnce: number
  readonly decisionMs: number
  readonly agents: { readonly regimeChange: RegimeChangeRules; readonly decision: DecisionRules }
  readonly orderPolicy: OrderPolicy
  /** Tries after a refusal that came from before the venue's engine, and the wait before the first of them. */
  readonly orderRetries: { readonly count: number; readonly firstMs: number }
  readonly pacing: PacingRules
  /** Ended orders and closed positions kept in memory; the database keeps all. */
  readonly historySize: number
  readonly positionPolicy: PositionPolicy
  readonly portfolio: {
    readonly targets: Targets
    readonly rebalance: RebalanceSettings
    readonly dca: DcaSettings
    readonly minBetweenPlansMs: number
    readonly orderType: 'limit' | 'market'
    readonly orderLifeMs: number
    /** Configured amounts that no trade may touch. */
    readonly hodl: Readonly<Record<string, Numeric>>
    readonly hodlRules: HodlRules
  }
  readonly fees: { readonly maker: Numeric; readonly taker: Numeric }
  readonly staleAfterMs: number
  readonly reconcileEveryMs: number
  readonly reconcileRetryMs: number
  /** Null: the venue's dead-man switch is not used. */
  readonly deadMan: DeadManRules | null
  readonly drainMs: number
  /** How long closed candles wait for company before they are written. */
  readonly candleWriteMs: number
  /** How often positions and account are looked at, and how long looks wait for company before they are written. */
  readonly snapshots: { readonly everyMs: number; readonly writeMs: number }
}

export interface Ports {
  readonly clock: Clock
  readonly ids: IdSource
  readonly random: RandomSource
  readonly bus: Bus
  readonly journal: Journal
  readonly exchange: Exchange
  readonly feed: MarketFeed
  readonly candles: CandleStore
  readonly snapshots: SnapshotStore
  readonly log: Log
  /** SHA-256 of a text, in hex: the evidence behind a view. */
  readonly hash: (text: string) => string
  /** Left out in replays, where nothing is measured. */
  readonly stopwatch?: Stopwatch
}

export interface House extends Ports {
  /** The venue behind the one queue that keeps its limits. */
  readonly exchange: PacedExchange
  readonly settings: Settings
  readonly addresses: Addresses
  readonly timers: Timers
  readonly books: Books
  /** The one outlet: into the books, then onto the bus. */
  publish(source: Source, fact: Fact): void
  /** States a fact that no journaled machine states: analyses, system and supervision. */
  state(source: Source, draft: FactDraft, cause?: { readonly causedBy: string; readonly correlationId: string }): void
  /** Counts an event that a state had no answer to. */
  unhandled(actor: string, event: string, state: string): void
}

/** Who publishes: the names of the owner's table. */
export type Source =
  | 'market'
  | 'technical_analysis'
  | 'regime_detection'
  | 'sentiment_analysis'
  | 'trading_decision'
  | 'risk'
  | 'orders'
  | 'positions'
  | 'portfolio'
  | 'coordinator'
  | 'system'
  | 'api'

export function createHouse(
  ports: Ports,
  settings: Settings,
  parts: Pick<House, 'addresses' | 'timers' | 'books'>,
): House {
  const publish = (source: Source, fact: Fact): void => {
    parts.books.apply(fact)
    ports.bus.publish(source, fact)
  }
  const state: House['state'] = (source, draft, cause) => {
    const now = ports.clock.now()
    const id = ports.ids.next()
    const meta = { id, at: draft.at ?? now, seenAt: now, origin: draft.origin ?? ('live' as const) }
    const story = { causedBy: cause?.causedBy ?? null, correlationId: cause?.correlationId ?? id }
    publish(source, Object.freeze({ ...draft, ...meta, ...story }))
  }
  const { clock, exchange } = ports
  return {
    ...ports,
    ...parts,
    exchange: pacedExchange(exchange, { clock, rules: settings.pacing, orderOf: parts.books.order }),
    settings,
    publish,
    state,
    unhandled: (actor, event, at) => {
      state('system', { type: 'actor.unhandled', actor, event, state: at })
    },
  }
}

/** The rules of a pair that is traded. @throws when settings name a symbol without an instrument: a start-up error. */
export function instrumentOf(settings: Settings, symbol: Pair): Instrument {
  const instrument = settings.instruments.find((one) => one.symbol === symbol)
  if (instrument === undefined) throw new Error(`no instrument for ${symbol}`)
  return instrument
}
