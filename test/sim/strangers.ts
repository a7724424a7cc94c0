/** Somebody else on the same account: orders that the system never asked for, deposits and withdrawals. */
import type { MatchingEngine } from '../../src/adapters/exchange/simulated/engine.ts'
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import type { NewOrder } from '../../src/adapters/exchange/simulated/venue-order.ts'
import { asset, baseOf, type Pair, quoteOf, type VenueOrderId } from '../../src/domain/ids.ts'
import { type Amount, amount, type Numeric, text, ZERO } from '../../src/domain/units.ts'
import type { Clock, RandomSource } from '../../src/ports/clock.ts'
import { between, chance, pick, waiting } from './draw.ts'
import type { FaultScript } from './faults.ts'
import { isOnMargin } from './lots.ts'
import { priceText, type SeededMarket, SYMBOLS } from './market.ts'

export interface StrangerParts {
  readonly random: RandomSource
  readonly clock: Clock
  readonly venue: SimulatedExchange
  readonly market: SeededMarket
  readonly script: FaultScript
}

const CASH = 'USDT'
const SHORTEST_STAY_MS = 60_000
const MEAN_STAY_MS = 600_000
/** Small beside what the account holds, so that nothing of ours is in want of it. */
const SIZE: Readonly<Record<string, Numeric>> = {
  'BTC/USDT': '0.0004',
  'XRP/USDT': '25',
  BTC: '0.0005',
  XRP: '30',
  USDT: '40',
}

export class Strangers {
  readonly #parts: StrangerParts
  readonly #resting = new Set<VenueOrderId>()
  /** Cash that was taken away and has not come back. */
  #cashOut: Amount = ZERO
  /** What came in and went out, by asset. */
  readonly #flows = new Map<string, Amount>()

  constructor(parts: StrangerParts) {
    this.#parts = parts
  }

  act(): void {
    const { random, script } = this.#parts
    if (chance(random, 0.3)) {
      const of = pick(random, ['BTC', 'XRP', 'USDT'])
      const isIn = chance(random, 0.5) || !this.#isThere(of)
      script.count('account-flow', `${isIn ? 'deposit' : 'withdrawal'} of ${SIZE[of]} ${of}`)
      return this.#transfer(of, SIZE[of] ?? '0', isIn)
    }
    const symbol = pick(random, SYMBOLS)
    const side = pick(random, ['buy', 'sell'] as const)
    const how = pick(random, ['market', 'near', 'far'] as const)
    script.count('external-order', `${how} ${side} of ${SIZE[symbol]} ${symbol}`)
    this.#place(symbol, side, how)
  }

  /** All of the cash that nothing holds goes, and comes back later. */
  takeCash(): void {
    const { clock, random, script, venue } = this.#parts
    const balance = peek(venue, (engine) => engine.balances()).find((one) => one.asset === CASH)
    const free = amount(balance?.total ?? '0').minus(balance?.held ?? '0')
    if (free.lte(0)) return
    script.count('account-flow', `withdrawal of ${text(free)} ${CASH}`)
    this.#transfer(CASH, text(free), false)
    this.#cashOut = this.#cashOut.plus(free)
    clock.at(clock.now() + SHORTEST_STAY_MS + waiting(random, MEAN_STAY_MS), () => this.#bringCash())
  }

  #bringCash(): void {
    if (this.#cashOut.isZero()) return
    this.#parts.script.count('account-flow', `deposit of ${text(this.#cashOut)} ${CASH}`)
    this.#transfer(CASH, text(this.#cashOut), true)
    this.#cashOut = ZERO
  }

  /** Everything of theirs that rests is taken back, and the cash is there again. */
  leave(): void {
    this.#bringCash()
    for (const id of [...this.#resting]) this.#take(id)
  }

  /** What all of it did to the account, by asset. */
  moved(): ReadonlyMap<string, Amount> {
    const { venue } = this.#parts
    const moved = new Map(this.#flows)
    const add = (of: string, by: Amount): void => void moved.set(of, (moved.get(of) ?? ZERO).plus(by))
    for (const trade of peek(venue, (engine) => engine.trades())) {
      const { symbol, side, quantity, cost, fee, feeAsset, venueOrderId } = trade
      // On margin nobody else trades: that was the venue's own.
      if (isOnMargin(trade) || peek(venue, (engine) => engine.find(venueOrderId))?.clientOrderId !== null) continue
      const sign = side === 'buy' ? 1 : -1
      add(baseOf(symbol), amount(quantity).times(sign))
      add(quoteOf(symbol), amount(cost).times(-sign))
      add(feeAsset, amount(fee).negated())
    }
    return moved
  }

  /** What no order holds of it covers a withdrawal. */
  #isThere(of: string): boolean {
    const balance = peek(this.#parts.venue, (engine) => engine.balances()).find((one) => one.asset === of)
    return (
      balance !== undefined &&
      amount(balance.total)
        .minus(balance.held)
        .gte(amount(SIZE[of] ?? ZERO))
    )
  }

  #transfer(of: string, quantity: Numeric, isIn: boolean): void {
    this.#parts.venue.byHand((engine, at) =>
      isIn ? engine.deposit(asset(of), quantity, at) : engine.withdraw(asset(of), quantity, at),
    )
    const signed = isIn ? amount(quantity) : amount(quantity).negated()
    this.#flows.set(of, (this.#flows.get(of) ?? ZERO).plus(signed))
  }

  #place(symbol: Pair, side: 'buy' | 'sell', how: 'market' | 'near' | 'far'): void {
    const { clock, market, random, venue } = this.#parts
    const away = how === 'far' ? between(random, 0.4, 0.6) : between(random, 0.001, 0.004)
    const price = priceText(symbol, market.price(symbol) * (side === 'buy' ? 1 - away : 1 + away))
    const order: NewOrder = {
      ...{ clientOrderId: null, userref: null, symbol, side, type: how === 'market' ? 'market' : 'limit' },
      ...{ quantity: SIZE[symbol] ?? '1', quantityInQuote: false, limitPrice: how === 'market' ? null : price },
      ...{ triggerPrice: null, trailing: null, limitOffset: null, displayQuantity: null, trigger: 'last' },
      ...{ timeInForce: 'GTC', startsAt: null, expiresAt: null, postOnly: false, reduceOnly: false, leverage: 1 },
      ...{
        feeIn: side === 'buy' ? pick(random, ['quote', 'base'] as const) : 'quote',
        selfTrade: 'cancel-newest',
        close: null,
        deadlineAt: null,
      },
    }
    venue.byHand((engine, at) => {
      const ticket = engine.submit(order, at)
      const events = engine.advanceTo(at)
      const answer = events.find((event) => event.kind === 'answered' && event.ticket === ticket)
      if (answer?.kind === 'answered' && 'venueOrderId' in answer.outcome)
        this.#resting.add(answer.outcome.venueOrderId)
      return events
    })
    const [id] = [...this.#resting].slice(-1)
    if (id === undefined) return
    clock.at(clock.now() + SHORTEST_STAY_MS + waiting(random, MEAN_STAY_MS), () => this.#take(id))
  }

  #take(id: VenueOrderId): void {
    if (!this.#resting.delete(id)) return
    this.#parts.venue.byHand((engine, at) => {
      engine.cancel(id, at)
      return engine.advanceTo(at)
    })
  }
}

/** Looks into the engine without touching it. */
export function peek<T>(venue: SimulatedExchange, look: (engine: MatchingEngine) => T): T {
  let seen: { readonly value: T } | null = null
  venue.byHand((engine) => {
    seen = { value: look(engine) }
    return []
  })
  if (seen === null) throw new Error('the venue did not let us look')
  return (seen as { readonly value: T }).value
}
