/** The matching engine driven directly: no clock, no promises. */
import { MatchingEngine } from '../../../src/adapters/exchange/simulated/engine.ts'
import {
  ENGINE_DEFAULTS,
  type EngineEvent,
  type EngineParameters,
} from '../../../src/adapters/exchange/simulated/engine-options.ts'
import { MARGIN_DEFAULTS } from '../../../src/adapters/exchange/simulated/margin-terms.ts'
import type { TradeRow } from '../../../src/adapters/exchange/simulated/venue-events.ts'
import type { NewOrder } from '../../../src/adapters/exchange/simulated/venue-order.ts'
import { BUILT_IN_INSTRUMENTS } from '../../../src/domain/instrument.ts'
import type { Numeric } from '../../../src/domain/units.ts'
import { BTC, clientId } from './orders.ts'

export const T0 = Date.UTC(2025, 10, 10, 12)
export const START = { USDT: '10000', BTC: '1', XRP: '500' } as const

export const freshEngine = (
  parameters: Partial<EngineParameters> = {},
  startingBalances: Readonly<Record<string, Numeric>> = START,
): MatchingEngine =>
  new MatchingEngine({
    instruments: BUILT_IN_INSTRUMENTS,
    parameters: { ...ENGINE_DEFAULTS, ...parameters },
    startingBalances,
    series: 'ABCDEFGHIJ',
  })

/** A limit buy of 0.01 BTC at 40,000 unless said otherwise. */
export const newOrder = (n: number, changes: Partial<NewOrder> = {}): NewOrder => ({
  clientOrderId: clientId(n),
  userref: null,
  symbol: BTC,
  side: 'buy',
  type: 'limit',
  quantity: '0.01',
  quantityInQuote: false,
  limitPrice: '40000',
  triggerPrice: null,
  trailing: null,
  limitOffset: null,
  displayQuantity: null,
  trigger: 'last',
  timeInForce: 'GTC',
  startsAt: null,
  expiresAt: null,
  postOnly: false,
  reduceOnly: false,
  leverage: 1,
  feeIn: 'quote',
  selfTrade: 'cancel-newest',
  close: null,
  deadlineAt: null,
  ...changes,
})

export const trade = (price: Numeric, quantity: Numeric, at: number, side: 'buy' | 'sell' | null = null) =>
  ({ kind: 'trade', symbol: BTC, price, quantity, side, at }) as const

type Level = readonly [Numeric, Numeric]
const levels = (rows: readonly Level[]) => rows.map(([price, quantity]) => ({ price, quantity }))

export const book = (bids: readonly Level[], asks: readonly Level[], at: number) =>
  ({ kind: 'book', symbol: BTC, bids: levels(bids), asks: levels(asks), at }) as const

export const quote = (bid: Numeric, ask: Numeric, at: number) =>
  ({ kind: 'quote', symbol: BTC, bid, bidQuantity: '1', ask, askQuantity: '1', at }) as const

export const fillsIn = (events: readonly EngineEvent[]): TradeRow[] =>
  events.flatMap((event) => (event.kind === 'filled' ? [event.trade] : []))

/** What goes without saying. */
const UNTOLD: readonly string[] = ['opened', 'triggered', 'booked']

/** Price and quantity of every fill, and the reasons of cancellations, briefly. */
export const brief = (events: readonly EngineEvent[]): string[] =>
  events.flatMap((event) => {
    if (event.kind === 'filled') return [`${event.trade.liquidity} ${event.trade.quantity} @ ${event.trade.price}`]
    if (event.kind === 'cancelled') return [`cancelled: ${event.reason}`]
    if (event.kind === 'answered') return 'message' in event.outcome ? [event.outcome.message] : []
    return UNTOLD.includes(event.kind) ? [] : [event.kind]
  })

/** An engine that has seen one print at 40,000. */
export const opened = (...given: Parameters<typeof freshEngine>): MatchingEngine => {
  const engine = freshEngine(...given)
  engine.onMarket(trade('40000', '1', T0))
  return engine
}

/** Lets an order take effect, and tells what happened. */
export const submit = (
  engine: MatchingEngine,
  changes: Partial<NewOrder> = {},
  at = T0 + 1,
  n = 1,
): readonly EngineEvent[] => {
  engine.submit(newOrder(n, changes), at)
  return engine.advanceTo(at)
}

/** What open orders hold of an asset. */
export const held = (engine: MatchingEngine, asset: string): Numeric | undefined =>
  engine.balances().find((row) => row.asset === asset)?.held

/** A venue where positions may be held on margin. */
export const marginEngine = (feeSchedule: 'fixed' | 'tiered' = 'fixed'): MatchingEngine =>
  new MatchingEngine({
    ...{ instruments: BUILT_IN_INSTRUMENTS, series: 'ABCDEFGHIJ', margin: MARGIN_DEFAULTS, startingBalances: START },
    parameters: { ...ENGINE_DEFAULTS, feeSchedule },
  })

/** The same venue after a restart. */
export const restarted = (engine: MatchingEngine, restored: MatchingEngine = freshEngine()): MatchingEngine => {
  restored.restore(JSON.parse(JSON.stringify(engine.save())))
  return restored
}

export const MARKET = { type: 'market', limitPrice: null } as const
