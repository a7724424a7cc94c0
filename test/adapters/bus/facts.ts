import { seededIds, seededRandom } from '../../../src/adapters/chance/seeded.ts'
import type { BreakerName } from '../../../src/domain/breakers.ts'
import type { Timeframe } from '../../../src/domain/candle.ts'
import type { Fact, FactBody, FactType } from '../../../src/domain/facts.ts'
import { orderId, type Pair, pair, positionId } from '../../../src/domain/ids.ts'
import type { OrderView } from '../../../src/domain/order.ts'
import type { PositionView } from '../../../src/domain/position.ts'

const ids = seededIds(seededRandom('facts of the bus tests'))

export const BTC = pair('BTC/USDT')
export const XRP = pair('XRP/USDT')

/** A whole fact around a body. */
export const fact = <T extends FactType>(body: FactBody<T>, causedBy: string | null = null): Fact<T> => ({
  ...body,
  id: ids.next(),
  at: 0,
  seenAt: 0,
  causedBy,
  correlationId: 'correlation',
  origin: 'live',
})

export const candleClosed = (symbol: Pair = BTC, openAt = 0, timeframe: Timeframe = '1m'): Fact =>
  fact({
    type: 'candle.closed',
    symbol,
    candle: { symbol, timeframe, openAt, open: '1', high: '2', low: '1', close: '2', volume: '10' },
  })

export const draining = (reason = 'test'): Fact => fact({ type: 'system.draining', reason })
export const breakerTripped = (breaker: BreakerName = 'daily_loss'): Fact =>
  fact({ type: 'risk.breakerTripped', breaker, valuePct: '5.1', thresholdPct: '5', until: null })
export const marketFresh = (symbol: Pair = BTC): Fact => fact({ type: 'market.fresh', symbol })
export const journalBack = (awayMs: number): Fact => fact({ type: 'journal.back', awayMs })

export const orderView = (symbol: Pair): OrderView => ({
  orderId: orderId('11111111-1111-4111-8111-111111111111'),
  request: {
    key: 'position/entry/1',
    symbol,
    side: 'buy',
    type: 'limit',
    quantity: '0.5',
    limitPrice: '40000',
    triggerPrice: null,
    timeInForce: 'GTC',
    expiresAt: null,
    postOnly: false,
    reduceOnly: false,
    leverage: 1,
    intent: 'open',
    purpose: 'entry',
    book: 'trading',
    positionId: null,
    planId: null,
  },
  status: 'OPEN',
  phase: 'open',
  venueOrderId: null,
  quantity: '0.5',
  limitPrice: '40000',
  triggerPrice: null,
  filled: '0',
  cost: '0',
  fees: '0',
  fills: [],
  reason: null,
  createdAt: 0,
  updatedAt: 0,
})

export const orderOpened = (symbol: Pair = BTC): Fact => fact({ type: 'order.opened', order: orderView(symbol) })

export const positionView = (symbol: Pair): PositionView => ({
  positionId: positionId('22222222-2222-4222-8222-222222222222'),
  symbol,
  side: 'long',
  status: 'open',
  phase: 'protected',
  leverage: 1,
  quantity: '0.5',
  entryPrice: '40000',
  exitPrice: '0',
  stopLoss: '39000',
  takeProfit: '43000',
  trailing: null,
  financing: '0',
  realisedGross: '0',
  fees: '1',
  closeReason: null,
  openedAt: 0,
  updatedAt: 0,
  closedAt: null,
})

export const positionFilled = (symbol: Pair = BTC): Fact =>
  fact({ type: 'position.filled', position: positionView(symbol) })
