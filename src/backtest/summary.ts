/** What a replay came to: collected from facts while it runs, closed against the venue's own balances. */
import { isFinal, type OrderStatus } from '../domain/order.ts'
import type { Balance } from '../domain/portfolio.ts'
import { gapStatistics } from '../domain/protection.ts'
import type { Figures, ReplaySummary } from '../domain/replay-summary.ts'
import type { Bus } from '../ports/bus.ts'

/** The part of a summary that the system's books and the venue's balances decide. */
export type Statement = Omit<ReplaySummary, 'eventsByType' | 'journalEvents' | 'journalHash' | 'seconds' | 'restarts'>

export interface SummaryCollector {
  /** @throws when the account cannot be valued: there was no price at the end. */
  close(figures: Figures, balances: readonly Balance[]): Statement
}

/** Counts orders by their last state, however many there were: the books keep only the latest. */
export function summaryCollector(bus: Bus): SummaryCollector {
  const live = new Map<string, OrderStatus>()
  const ended = new Map<OrderStatus, number>()
  const seen = new Set<string>()
  bus.subscribe('summary', 'EXECUTION_EVENTS', ({ payload }) => {
    if (!('order' in payload)) return
    const { orderId, status } = payload.order
    if (!isFinal(status)) {
      if (!seen.has(orderId)) live.set(orderId, status)
      return
    }
    if (seen.has(orderId)) return
    seen.add(orderId)
    live.delete(orderId)
    ended.set(status, (ended.get(status) ?? 0) + 1)
  })
  return {
    close: (figures, balances) => {
      bus.unsubscribe('summary')
      const ledger = figures.ledger(balances)
      if (ledger === null) throw new Error('the account cannot be valued: no price at the end of the replay')
      const orders: Partial<Record<OrderStatus, number>> = Object.fromEntries([...ended].sort())
      for (const status of live.values()) orders[status] = (orders[status] ?? 0) + 1
      const { p50, p99, max } = gapStatistics(figures.gapsMs)
      const { candles, decisions, trades, pnlNet, feesPaid, maxDrawdownPct, unprotectedSeconds } = figures
      return {
        ...{ candles, decisions, orders, trades, pnlNet, feesPaid, maxDrawdownPct },
        ...ledger,
        ...{ unprotectedSeconds, protectGapMs: { p50, p99, max } },
      }
    },
  }
}
