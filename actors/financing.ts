/** Financing: what the venue charges for positions on margin. Each charge is booked once, to the position that it is for. */
import type { Flow } from '../src/domain/account-history.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import type { PositionId, TradeId } from '../src/domain/ids.ts'
import { amount, text } from '../src/domain/units.ts'
import { freshPrices, type Marks, type PriceOf, usdRate } from '../src/domain/valuation.ts'
import { positionAddress } from './addresses.ts'
import type { Books } from './books.ts'
import type { House } from './house.ts'
import { record } from './record.ts'

export interface Financing {
  /** A charge, as the venue tells it; the comparison with the venue finds what was not told. */
  hear(flow: Flow): void
  /** A fill was counted: a charge may have come before it. */
  retry(): void
}

type FinancedDraft = Extract<FactDraft, { type: 'account.financed' }>

/** Kept until the fill that they belong to is counted; what is dropped is found by the comparison. */
const MOST_WAITING = 100

/** The position whose order made this trade; null for a trade that is not in the books. */
export function positionOfTrade(books: Pick<Books, 'orders'>, tradeId: TradeId): PositionId | null {
  for (const { request, fills } of books.orders())
    if (request.positionId !== null && fills.some((fill) => fill.tradeId === tradeId)) return request.positionId
  return null
}

/** What books this charge; null while the trade that it is for is not in the books, or its asset has no price. */
export function financingFact({ books }: Pick<House, 'books'>, flow: Flow, priceOf: PriceOf): FinancedDraft | null {
  if (flow.kind !== 'financing' || flow.tradeId === undefined) return null
  const positionId = positionOfTrade(books, flow.tradeId)
  const rate = usdRate(flow.asset, priceOf)
  if (positionId === null || rate === null) return null
  const valueUsd = text(amount(flow.amount).times(rate))
  return { type: 'account.financed', flow, positionId, usdRate: text(rate), valueUsd, at: flow.at }
}

/** Writes it down. */
export function bookFinancing(house: House, draft: FinancedDraft): void {
  if (house.books.isKnownFlow(draft.flow.flowId)) return
  record(house, 'book-financing', draft)
  tellCharge(house, draft.positionId, draft.flow)
}

/** What it has cost so far, for a position that lives. */
function tellCharge({ addresses, books, clock }: House, positionId: PositionId, flow: Flow): void {
  const charge = { chargeId: flow.flowId, amount: text(amount(flow.amount).negated()), at: flow.at }
  const financing = books.financingOf(positionId)
  addresses.tell(positionAddress(positionId), { type: 'position.financed', ...charge, financing, seenAt: clock.now() })
}

export function createFinancing(house: House, marks: () => Marks): Financing {
  const { books, clock, settings } = house
  const waiting = new Map<string, Flow>()
  const book = (flow: Flow): boolean => {
    const priceOf = freshPrices(marks(), clock.now(), settings.limits.markMaxAgeMs)
    const draft = financingFact(house, flow, priceOf)
    if (draft !== null) bookFinancing(house, draft)
    return draft !== null
  }
  return {
    hear: (flow) => {
      if (flow.kind !== 'financing' || books.isKnownFlow(flow.flowId) || book(flow)) return
      waiting.set(flow.flowId, flow)
      for (const oldest of waiting.keys()) {
        if (waiting.size <= MOST_WAITING) return
        waiting.delete(oldest)
      }
    },
    retry: () => {
      for (const [flowId, flow] of waiting) if (books.isKnownFlow(flowId) || book(flow)) waiting.delete(flowId)
    },
  }
}
