/** Somebody else on the same account: orders, trades and transfers that the system never asked for. */
import type { EngineEvent } from '../../src/adapters/exchange/simulated/engine-options.ts'
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import type { NewOrder } from '../../src/adapters/exchange/simulated/venue-order.ts'
import type { Approved } from '../../src/domain/approved.ts'
import { asset, type OrderId, orderId } from '../../src/domain/ids.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import { ZERO } from '../../src/domain/units.ts'
import type { Clock, RandomSource } from '../../src/ports/clock.ts'
import { between, pick, waiting } from './draw.ts'
import type { FaultScript } from './faults.ts'
import { BTC, priceText, type SeededMarket, SYMBOLS } from './market.ts'
import type { Truth } from './truth.ts'

export interface StrangerParts {
  readonly random: RandomSource
  readonly clock: Clock
  readonly venue: SimulatedExchange
  readonly truth: Truth
  readonly market: SeededMarket
  readonly script: FaultScript
}

const SHORTEST_STAY_MS = 60_000
const MEAN_STAY_MS = 600_000

export class Strangers {
  readonly #parts: StrangerParts
  readonly #resting = new Set<OrderId>()
  #count = 0

  constructor(parts: StrangerParts) {
    this.#parts = parts
  }

  act(): void {
    const whim = this.#parts.random.next()
    if (whim < 0.25) this.#transfer(whim < 0.12 ? '25' : '-5')
    else if (whim < 0.5) this.#buy(whim < 0.37 ? 'quote' : 'base')
    else this.#rest()
  }

  /** Money comes, or goes where enough of it is there. */
  #transfer(usdt: string): void {
    const { venue, truth, script } = this.#parts
    const isDeposit = !usdt.startsWith('-')
    if (!isDeposit && (truth.totals.get('USDT') ?? ZERO).lt(1_000)) return
    script.count('external-order', isDeposit ? 'deposit' : 'withdrawal')
    venue.byHand((engine, at) =>
      this.#told(
        isDeposit ? engine.deposit(asset('USDT'), usdt, at) : engine.withdraw(asset('USDT'), usdt.slice(1), at),
      ),
    )
  }

  /** A small buy at market that no look at the open orders ever sees. */
  #buy(feeIn: 'quote' | 'base'): void {
    const { random, venue, script } = this.#parts
    const symbol = pick(random, SYMBOLS)
    script.count('external-order', symbol)
    const order: NewOrder = {
      ...{ clientOrderId: null, userref: null, symbol, side: 'buy', type: 'market', timeInForce: 'IOC', feeIn },
      ...{ quantity: symbol === BTC ? '0.0002' : '10', quantityInQuote: false, limitPrice: null, triggerPrice: null },
      ...{ trailing: null, limitOffset: null, displayQuantity: null, trigger: 'last', startsAt: null, expiresAt: null },
      ...{ postOnly: false, reduceOnly: false, leverage: 1, selfTrade: 'cancel-newest', close: null, deadlineAt: null },
    }
    venue.byHand((engine, at) => {
      engine.submit(order, at)
      return this.#told(engine.advanceTo(at))
    })
  }

  /** What these events moved that is no fill of an order with a client id: those are told by their reports. */
  #told(events: readonly EngineEvent[]): readonly EngineEvent[] {
    const byHand = new Set(
      events.flatMap((event) =>
        event.kind === 'filled' && event.order.clientOrderId === null ? [String(event.trade.tradeId)] : [],
      ),
    )
    for (const event of events)
      if (event.kind === 'booked' && (event.entry.kind !== 'trade' || byHand.has(event.entry.refId)))
        this.#parts.truth.moved(event.entry)
    return events
  }

  /** A small order far from the market, taken back after a while. */
  #rest(): void {
    const { random, clock, venue, truth, market, script } = this.#parts
    const symbol = pick(random, SYMBOLS)
    this.#count += 1
    const id = orderId(`00000000-0000-4000-8000-${String(this.#count).padStart(12, '0')}`)
    const request = {
      ...{ key: `stranger/${this.#count}`, symbol, side: 'buy', type: 'limit', triggerPrice: null },
      quantity: symbol === BTC ? '0.0001' : '5',
      limitPrice: priceText(symbol, market.price(symbol) * between(random, 0.4, 0.5)),
      ...{ timeInForce: 'GTC', expiresAt: null, postOnly: false, reduceOnly: false, leverage: 1 },
      ...{ intent: 'open', purpose: 'entry', book: 'trading', positionId: null, planId: null },
    } as const satisfies OrderRequest
    const order = {
      clientOrderId: id,
      request: request as unknown as Approved<OrderRequest>,
      deadlineAt: clock.now() + 60_000,
    }
    script.count('external-order', symbol)
    truth.asked(order, true)
    this.#resting.add(id)
    void venue.place(order)
    clock.at(clock.now() + SHORTEST_STAY_MS + waiting(random, MEAN_STAY_MS), () => this.#take(id))
  }

  /** Everything of theirs is taken back. */
  leave(): void {
    for (const id of [...this.#resting]) this.#take(id)
  }

  #take(id: OrderId): void {
    if (this.#resting.delete(id)) void this.#parts.venue.cancel(id)
  }
}
