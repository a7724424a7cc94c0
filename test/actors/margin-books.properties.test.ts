/** Our books beside the venue's own: fills and charges alone must bring both to the same money, whatever was traded. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createAccountBooks } from '../../actors/account-books.ts'
import type { MatchingEngine } from '../../src/adapters/exchange/simulated/engine.ts'
import { flowsOf, tradesOf } from '../../src/adapters/exchange/simulated/port-forms.ts'
import type { VenueEvent } from '../../src/adapters/exchange/simulated/venue-events.ts'
import { movesOf } from '../../src/domain/external-order.ts'
import type { Fact, FactBody } from '../../src/domain/facts.ts'
import { ledgerGap, ledgerOf } from '../../src/domain/ledger.ts'
import { marginPnlUsd } from '../../src/domain/margin-lots.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'
import { marginEngine } from '../adapters/exchange/engine.harness.ts'
import { begun, leveredSteps, run } from '../adapters/exchange/engine.walks.ts'
import { BTC, factOf, POSITION, requestOf } from './trading-house.ts'

type Filled = Extract<VenueEvent, { kind: 'filled' }>

/** What our books hear of a fill: ours as a fill, whoever paid in coins as another's, whose moves are told. */
function heardOf({ trade }: Filled, engine: MatchingEngine, at: number): FactBody {
  const { symbol, side, leverage, tradeId, venueOrderId, feeAsset } = trade
  const fill = { tradeId, price: trade.price, quantity: trade.quantity, fee: trade.fee, liquidity: trade.liquidity, at }
  if (feeAsset === 'BTC') {
    const told = tradesOf(engine, 0).find((one) => one.fill.tradeId === tradeId)
    const moves = movesOf({ symbol, side, fill, feeAsset }).map((move) => ({
      ...move,
      usdRate: move.asset === 'BTC' ? trade.price : '1',
    }))
    return { type: 'order.externalFilled', external: { venueOrderId } as never, fill: told?.fill ?? fill, moves }
  }
  const request = requestOf({ symbol, side, leverage, book: leverage > 1 ? 'trading' : 'core' })
  return { type: 'order.filled', order: { request, fills: [fill] } as never, fill }
}

it('on spot and on margin, closed in parts, charged and liquidated: balances, profit and statement are the venue’s', () => {
  const seen = { onMargin: 0, closed: 0, charged: 0, liquidated: 0 }
  fc.assert(
    fc.property(leveredSteps, (walk) => {
      const engine = begun(marginEngine())
      const books = createAccountBooks()
      const hear = (body: FactBody, at: number): void => books.apply(factOf(body as never, at) as Fact)
      const began = engine.balances()
      hear({ type: 'account.opened', balances: began, marks: { 'BTC/USDT': '40000', 'XRP/USDT': '1' } }, engine.now)
      let done = 0
      // A position that was settled in coins, and a loss that nobody could pay, are no trades of ours.
      let isOver = false
      run(engine, walk, (events) => {
        const fresh = events.slice(done)
        done = events.length
        isOver ||= fresh.some(
          (event) =>
            (event.kind === 'filled' && event.trade.type === 'settle-position') ||
            (event.kind === 'booked' && event.entry.kind === 'margin' && event.entry.balance === '0') ||
            (event.kind === 'booked' && event.entry.kind === 'rollover' && event.entry.balance === '0'),
        )
        if (isOver) return
        for (const event of fresh) {
          if (event.kind !== 'filled') continue
          hear(heardOf(event, engine, event.at), event.at)
          seen.onMargin += event.trade.leverage > 1 ? 1 : 0
          seen.closed += event.trade.positionId !== event.trade.tradeId && event.trade.leverage > 1 ? 1 : 0
          seen.liquidated += event.order.liquidated ? 1 : 0
        }
        for (const flow of flowsOf(engine.ledger(), 0)) {
          if (flow.kind !== 'financing' || books.isKnownFlow(flow.flowId)) continue
          seen.charged += 1
          const booked = { flow, positionId: POSITION, usdRate: '1', valueUsd: flow.amount }
          hear({ type: 'account.financed', ...booked }, flow.at)
          hear({ type: 'account.financed', ...booked }, flow.at)
        }
        const last = engine.lastPrice(BTC) ?? '40000'
        const marks = { 'BTC/USDT': last, 'XRP/USDT': '1' }
        const totals = books.totals() ?? {}
        for (const { asset, total } of engine.balances()) expect([asset, totals[asset]]).toEqual([asset, total])
        const open = text(sumOf(engine.positions().map((position) => amount(position.net))))
        expect(text(marginPnlUsd(books.marginLots(), pricesFrom(marks)) ?? -1)).toBe(open)
        const state = books.ledger()
        if (state === null) throw new Error('the account is open')
        expect(text(ledgerGap(ledgerOf(state, engine.balances(), marks, open)))).toBe('0')
      })
    }),
    { numRuns: 400, seed: 20_261_122, endOnFailure: true },
  )
  for (const [what, often] of Object.entries(seen)) expect([what, often > 5]).toEqual([what, true])
})
