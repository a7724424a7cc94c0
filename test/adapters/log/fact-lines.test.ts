import { describe, expect, it } from 'vitest'
import { factLine, logFact } from '../../../src/adapters/log/fact-lines.ts'
import type { Fact, FactBody, FactMeta, FactType } from '../../../src/domain/facts.ts'
import { orderId, pair } from '../../../src/domain/ids.ts'
import type { OrderView } from '../../../src/domain/order.ts'
import type { Log } from '../../../src/ports/log.ts'

const BTC = pair('BTC/USDT')
const META: FactMeta = { id: 'id', at: 1, seenAt: 2, causedBy: null, correlationId: 'c', origin: 'live' }
const fact = <T extends FactType>(body: FactBody<T>, meta: Partial<FactMeta> = {}): Fact<T> => ({
  ...body,
  ...META,
  ...meta,
})

const ORDER: OrderView = {
  orderId: orderId('order-1'),
  request: {
    key: 'position/stop/1',
    symbol: BTC,
    side: 'sell',
    type: 'stop-loss',
    quantity: '0.5',
    limitPrice: null,
    triggerPrice: '39000',
    timeInForce: 'GTC',
    expiresAt: null,
    postOnly: false,
    reduceOnly: true,
    leverage: 1,
    intent: 'close',
    purpose: 'stop',
    book: 'trading',
    positionId: null,
    planId: null,
  },
  status: 'OPEN',
  phase: 'open',
  venueOrderId: null,
  quantity: '0.5',
  limitPrice: null,
  triggerPrice: '39000',
  filled: '0',
  cost: '0',
  fees: '0',
  fills: [],
  reason: null,
  createdAt: 0,
  updatedAt: 0,
}

describe('the log line of a fact', () => {
  it('shows a short fact whole, under the name it has everywhere', () => {
    expect(factLine(fact({ type: 'market.stale', symbol: BTC, lastSeenAt: 5 }))).toEqual({
      level: 'warn',
      message: 'market.stale',
      fields: { symbol: 'BTC/USDT', lastSeenAt: 5, correlationId: 'c' },
    })
  })

  it('shows an order in short, with what the fact adds', () => {
    expect(factLine(fact({ type: 'order.invariantBroken', order: ORDER, problem: 'filled twice' }))).toEqual({
      level: 'error',
      message: 'order.invariantBroken',
      fields: {
        orderId: 'order-1',
        symbol: 'BTC/USDT',
        side: 'sell',
        orderType: 'stop-loss',
        purpose: 'stop',
        status: 'OPEN',
        quantity: '0.5',
        filled: '0',
        price: '39000',
        problem: 'filled twice',
        correlationId: 'c',
      },
    })
  })

  it('is quiet about routine and loud about trouble', () => {
    const candle = {
      symbol: BTC,
      timeframe: '1m',
      openAt: 0,
      open: '1',
      high: '1',
      low: '1',
      close: '1',
      volume: '1',
    } as const
    const dropped = (reason: 'HOLD' | 'PAUSED') =>
      fact({ type: 'signal.dropped', symbol: BTC, proposalId: 'p', reason })
    const degraded = (recovered: boolean) =>
      fact({ type: 'degradation.changed', from: 'NORMAL', to: 'REDUCED', recovered })
    const level = (given: Fact) => factLine(given)?.level
    expect(level(fact({ type: 'candle.closed', symbol: BTC, candle }))).toBe('debug')
    expect(level(dropped('HOLD'))).toBe('debug')
    expect(level(dropped('PAUSED'))).toBe('info')
    expect(level(degraded(true))).toBe('info')
    expect(level(degraded(false))).toBe('warn')
    expect(level(fact({ type: 'connection.changed', state: 'refused', reason: 'banned' }))).toBe('error')
    expect(level(fact({ type: 'trading.halted', reason: 'drawdown' }))).toBe('error')
  })

  it('says where a reconciled fact comes from and does not repeat what was read back at boot', () => {
    const opened = (origin: FactMeta['origin']) => fact({ type: 'order.opened', order: ORDER }, { origin })
    expect(factLine(opened('reconciled'))?.fields).toMatchObject({ origin: 'reconciled' })
    expect(factLine(opened('replayed'))).toBeNull()
  })

  it('is written at its level, and once', () => {
    const lines: string[] = []
    const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
    const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
    logFact(log, fact({ type: 'system.stopped', reason: 'asked to' }))
    logFact(log, fact({ type: 'system.stopped', reason: 'asked to' }, { origin: 'replayed' }))
    expect(lines).toEqual(['info system.stopped'])
  })
})
