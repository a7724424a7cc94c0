/** A past of money that a test writes itself: keeps what it was asked, and answers in pages. Filtering is the database's. */
import type { OrderId, PositionId } from '../../src/domain/ids.ts'
import type {
  HodlChange,
  HodlRecord,
  RebalanceRecord,
  RiskChange,
  ScheduledTrade,
} from '../../src/domain/money-record.ts'
import type { PortfolioSnapshot, PositionSnapshot } from '../../src/domain/money-snapshot.ts'
import type { PlanView } from '../../src/domain/portfolio.ts'
import type { PositionView } from '../../src/domain/position.ts'
import type { MoneyHistory, PositionFilter, PositionStory, Span, TradeFilter } from '../../src/ports/money-history.ts'
import { HistoryAwayError, type HistoryPage, type PageAsk, UnknownCursorError } from '../../src/ports/order-history.ts'

export class TestMoneyHistory implements MoneyHistory {
  positionsPast: readonly PositionView[] = []
  orderIds: readonly OrderId[] = []
  positionLooks: readonly PositionSnapshot[] = []
  portfolioLooks: readonly PortfolioSnapshot[] = []
  plansPast: readonly PlanView[] = []
  tradesPast: readonly ScheduledTrade[] = []
  madePast: readonly RebalanceRecord[] = []
  book: HodlRecord | null = null
  hodlPast: readonly HodlChange[] = []
  riskPast: readonly RiskChange[] = []
  isAway = false
  readonly asked: { readonly filter: Span; readonly page: PageAsk }[] = []

  positions = async (filter: PositionFilter, page: PageAsk): Promise<HistoryPage<PositionView>> => {
    const fits = this.positionsPast.filter((one) => filter.status === null || one.status === filter.status)
    return this.#page(fits, filter, page)
  }
  position = async (id: PositionId): Promise<PositionStory | null> => {
    this.#answer()
    const position = this.positionsPast.find((one) => one.positionId === id)
    if (position === undefined) return null
    return { position, orderIds: this.orderIds, latestSnapshot: this.positionLooks[0] ?? null }
  }
  positionSnapshots = async (id: PositionId, span: Span, page: PageAsk): Promise<HistoryPage<PositionSnapshot>> =>
    this.#page(
      this.positionLooks.filter((one) => one.positionId === id),
      span,
      page,
    )
  portfolioSnapshots = async (span: Span, page: PageAsk): Promise<HistoryPage<PortfolioSnapshot>> =>
    this.#page(this.portfolioLooks, span, page)
  plans = async (span: Span, page: PageAsk): Promise<HistoryPage<PlanView>> => this.#page(this.plansPast, span, page)
  scheduledTrades = async (filter: TradeFilter, page: PageAsk): Promise<HistoryPage<ScheduledTrade>> =>
    this.#page(this.tradesPast, filter, page)
  rebalances = async (span: Span, page: PageAsk): Promise<HistoryPage<RebalanceRecord>> =>
    this.#page(this.madePast, span, page)
  hodl = async (): Promise<HodlRecord | null> => {
    this.#answer()
    return this.book
  }
  hodlChanges = async (span: Span, page: PageAsk): Promise<HistoryPage<HodlChange>> =>
    this.#page(this.hodlPast, span, page)
  riskChanges = async (span: Span, page: PageAsk): Promise<HistoryPage<RiskChange>> =>
    this.#page(this.riskPast, span, page)

  #answer(): void {
    if (this.isAway) throw new HistoryAwayError('connect ECONNREFUSED 10.0.0.7:5432')
  }
  /** The cursor is the number of the row. */
  #page<T>(rows: readonly T[], filter: Span, page: PageAsk): HistoryPage<T> {
    this.asked.push({ filter, page })
    this.#answer()
    const first = page.cursor === null ? 0 : Number(page.cursor)
    if (!(first >= 0 && first <= rows.length)) throw new UnknownCursorError(page.cursor ?? '')
    const shown = rows.slice(first, first + page.limit)
    const next = first + shown.length
    return { rows: shown, nextCursor: next < rows.length ? String(next) : null }
  }
}
