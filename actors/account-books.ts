/** The account's part of the books: statement, balances, openings of day and week, flows, and orders that are not ours. */
import type { Flow } from '../src/domain/account-history.ts'
import { type ExternalOrder, isEnded } from '../src/domain/external-order.ts'
import type { Fact } from '../src/domain/facts.ts'
import { type PositionId, quoteOf, type VenueOrderId } from '../src/domain/ids.ts'
import { applyFill, applyFlow, applyResult, dustTransfer, emptyLedger, type LedgerState } from '../src/domain/ledger.ts'
import { afterTrade, isOnMargin, type MarginBook, marginBookOf } from '../src/domain/margin-lots.ts'
import type { Book, Fill, OrderRequest } from '../src/domain/order.ts'
import { afterFill, afterMove, type Totals, totalsOf } from '../src/domain/reckoning.ts'
import { type Amount, amount, type Numeric, text, ZERO } from '../src/domain/units.ts'
import { isSpot } from '../src/domain/valuation.ts'

export interface AccountBooks {
  /** Null until the account was opened. */
  ledger(): LedgerState | null
  /** Balances by our own reckoning; null until the account was opened. */
  totals(): Totals | null
  /** What is open on margin at the venue, oldest first: as it nets, whichever position it belongs to. */
  marginLots(): MarginBook['lots']
  /** The same, with the trades that made it so of late. */
  marginBook(): MarginBook
  /** What the venue has charged for a position on margin so far, quote units: opening and rollovers. */
  financingOf(positionId: PositionId): Numeric
  /** Orders that are not ours: all that are open, and those that ended last. */
  externals(): readonly ExternalOrder[]
  external(venueOrderId: VenueOrderId): ExternalOrder | null
  /** Whether this flow is in the balances already. */
  isKnownFlow(flowId: string): boolean
  /** From when on flows that are not known are asked for; null until the account was opened. Milliseconds UTC. */
  flowsKnownUntil(): number | null
  /** Everything before is in the balances, whether or not we saw it: the opening, or a difference that was accepted. */
  settledUntil(): number
}

const HISTORY = 1_000
/** Flows with ids that begin so are differences that an admin's reset accepted. */
export const ACCEPTED = 'accepted '

export function createAccountBooks(): AccountBooks & { apply(fact: Fact): void } {
  let ledger: LedgerState | null = null
  let totals: Totals | null = null
  let onMargin = marginBookOf([])
  let flowsKnownUntil: number | null = null
  let settledUntil = 0
  const externals = new Map<VenueOrderId, ExternalOrder>()
  const flowIds = new Set<string>()
  const financing = new Map<PositionId, Amount>()

  function count(
    request: Pick<OrderRequest, 'symbol' | 'side' | 'leverage'> & { readonly book: Book },
    fill: Fill,
  ): void {
    if (isOnMargin(request)) return countOnMargin(request, fill)
    const { book, symbol, side } = request
    if (totals !== null) totals = afterFill(totals, { symbol, side }, fill)
    if (ledger !== null) ledger = applyFill(ledger, { book, symbol, side, fill })
  }
  /** Whoever ordered it, it is the trading book's: the core book has nothing on margin. */
  function countOnMargin(request: Pick<OrderRequest, 'symbol' | 'side' | 'leverage'>, fill: Fill): void {
    const { symbol, side, leverage } = request
    const after = afterTrade(onMargin, { symbol, side, leverage, fill })
    onMargin = after.book
    gain(quoteOf(symbol), text(after.profit.minus(amount(fill.fee))))
  }
  /** What trading gained or lost (below zero) without a coin changing hands. */
  function gain(asset: Flow['asset'], quantity: string, usdRate?: string): void {
    if (totals !== null) totals = afterMove(totals, asset, quantity)
    const result = { asset, quantity, ...(usdRate === undefined ? {} : { usdRate }) }
    if (ledger !== null) ledger = applyResult(ledger, result)
  }
  function move({ asset, amount: quantity }: Pick<Flow, 'asset' | 'amount'>, usdRate: string): void {
    if (totals !== null) totals = afterMove(totals, asset, quantity)
    if (ledger !== null) ledger = applyFlow(ledger, { asset, quantity, usdRate })
  }

  function keep(external: ExternalOrder): void {
    externals.set(external.venueOrderId, external)
    if (!isEnded(external)) return
    const ended = [...externals.values()].filter(isEnded)
    for (const { venueOrderId } of ended.slice(0, Math.max(0, ended.length - HISTORY))) externals.delete(venueOrderId)
  }

  return {
    apply: (fact) => {
      if ('external' in fact) keep(fact.external)
      switch (fact.type) {
        case 'order.partiallyFilled':
        case 'order.filled':
          return count(fact.order.request, fact.fill)
        case 'order.filledLate':
          return count({ ...fact.order.request, book: fact.book }, fact.fill)
        case 'order.externalFilled':
          for (const one of fact.moves) move(one, one.usdRate)
          return
        case 'account.opened':
          ledger = emptyLedger(fact.balances, fact.marks)
          totals = totalsOf(fact.balances)
          flowsKnownUntil = fact.at
          settledUntil = fact.at
          for (const flowId of fact.knownFlows ?? []) flowIds.add(flowId)
          return
        case 'account.flowed':
          flowIds.add(fact.flow.flowId)
          move(fact.flow, fact.usdRate)
          flowsKnownUntil = Math.max(flowsKnownUntil ?? 0, fact.flow.at)
          if (fact.flow.flowId.startsWith(ACCEPTED)) settledUntil = fact.at
          return
        case 'account.financed': {
          const { flow, positionId, usdRate } = fact
          if (flowIds.has(flow.flowId)) return
          flowIds.add(flow.flowId)
          gain(flow.asset, flow.amount, usdRate)
          financing.set(positionId, (financing.get(positionId) ?? ZERO).minus(amount(flow.amount)))
          return
        }
        case 'position.dustTransferred': {
          const { symbol, entryPrice } = fact.position
          // What is left on margin stays a lot at the venue: there is no coin that the core book could take.
          if (!isSpot(fact.position)) return
          if (ledger !== null) ledger = dustTransfer(ledger, symbol, fact.quantity, entryPrice)
          return
        }
        default:
          return
      }
    },
    ledger: () => ledger,
    totals: () => totals,
    marginLots: () => onMargin.lots,
    marginBook: () => onMargin,
    financingOf: (positionId) => text(financing.get(positionId) ?? ZERO),
    externals: () => [...externals.values()],
    external: (venueOrderId) => externals.get(venueOrderId) ?? null,
    isKnownFlow: (flowId) => flowIds.has(flowId),
    flowsKnownUntil: () => flowsKnownUntil,
    settledUntil: () => settledUntil,
  }
}
