/** Positions, plans, hodl bags, risk and what all of it was worth, as far back as the database goes. */
import type { OrderId, Pair, PositionId } from '../domain/ids.ts'
import type { HodlChange, HodlRecord, RebalanceRecord, RiskChange, ScheduledTrade } from '../domain/money-record.ts'
import type { PortfolioSnapshot, PositionSnapshot } from '../domain/money-snapshot.ts'
import type { PlanTradeView, PlanView } from '../domain/portfolio.ts'
import type { PositionView } from '../domain/position.ts'
import type { HistoryPage, PageAsk } from './order-history.ts'

/** Milliseconds UTC; null where there is no bound. */
export interface Span {
  /** Inclusive. */
  readonly from: number | null
  /** Exclusive. */
  readonly to: number | null
}

export interface PositionFilter extends Span {
  readonly status: PositionView['status'] | null
  readonly symbol: Pair | null
}

export interface TradeFilter extends Span {
  readonly status: PlanTradeView['status'] | null
  readonly symbol: Pair | null
}

export interface PositionStory {
  readonly position: PositionView
  /** Oldest first. */
  readonly orderIds: readonly OrderId[]
  readonly latestSnapshot: PositionSnapshot | null
}

/**
 * Everything newest first: positions by when they were opened, plans by when they were planned, trades by when they are or
 * were due, the rest by when it happened. What is durable in the journal is here; snapshots follow within a minute.
 * @throws HistoryAwayError from every method; UnknownCursorError from those that take a cursor.
 */
export interface MoneyHistory {
  positions(filter: PositionFilter, page: PageAsk): Promise<HistoryPage<PositionView>>
  /** Null for an id that is no position. */
  position(positionId: PositionId): Promise<PositionStory | null>
  positionSnapshots(positionId: PositionId, span: Span, page: PageAsk): Promise<HistoryPage<PositionSnapshot>>
  portfolioSnapshots(span: Span, page: PageAsk): Promise<HistoryPage<PortfolioSnapshot>>
  plans(span: Span, page: PageAsk): Promise<HistoryPage<PlanView>>
  scheduledTrades(filter: TradeFilter, page: PageAsk): Promise<HistoryPage<ScheduledTrade>>
  /** Trades that were made. */
  rebalances(span: Span, page: PageAsk): Promise<HistoryPage<RebalanceRecord>>
  /** Null before anything was set aside. */
  hodl(): Promise<HodlRecord | null>
  hodlChanges(span: Span, page: PageAsk): Promise<HistoryPage<HodlChange>>
  riskChanges(span: Span, page: PageAsk): Promise<HistoryPage<RiskChange>>
}
