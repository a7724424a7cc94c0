import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pair, planId } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import type { RebalanceTrade } from '../../src/domain/portfolio.ts'
import * as batches from '../../src/domain/rebalance-plan-batches.ts'
import * as plan from '../../src/domain/rebalance-plan-record.ts'
import { endedFacts, plannedFact } from '../../src/domain/rebalance-plan-story.ts'
import { amount } from '../../src/domain/units.ts'
import { orderOf, requestOf } from '../actors/trading-house.ts'

const T0 = Date.UTC(2025, 10, 3)
const HOUR = 3_600_000
const trade = (batch: number, side: RebalanceTrade['side'] = 'sell'): RebalanceTrade => ({
  ...{ symbol: 'BTC/USDT', side, quantity: '1', valueUsd: '100', batch, dueAt: T0 + (batch - 1) * 4 * HOUR },
})
const born = (...trades: RebalanceTrade[]): plan.PlanRecord =>
  plan.newPlan({
    ...{ planId: planId('p'), trades, executionStrategy: 'dca_24h', usedFallbackStrategy: true },
    ...{ reasoning: 'largest deviation 9 %, threshold 5 %', seenAt: T0 },
  })
const asked = (record: plan.PlanRecord): plan.PlanRecord => ({ ...record, ...plan.asked(record, 'sell') })
const order = (number: number, status: OrderView['status'], filled: string, reason: string | null = null): OrderView =>
  orderOf(`o${number}`, requestOf({ key: `p/rebalance/${number}`, symbol: pair('BTC/USDT') }), {
    ...{ status, filled, cost: filled === '0' ? '0' : `${Number(filled) * 100}`, fees: filled, reason },
  })
const hearing = (record: plan.PlanRecord, ...orders: OrderView[]): plan.PlanRecord => ({
  ...record,
  ...plan.withReported(record, orders),
})

describe('a plan', () => {
  it('tells the whole of itself: what is scheduled, at work, executed and dropped', () => {
    const record = hearing(
      asked(born(trade(1), trade(1), trade(1), trade(2))),
      order(1, 'FILLED', '1'),
      order(2, 'ERROR', '0'),
    )
    expect(plan.planView(record, 'active')).toMatchObject({
      ...{ planId: 'p', status: 'active', executionStrategy: 'dca_24h', usedFallbackStrategy: true, batch: 1 },
      reasoning: 'largest deviation 9 %, threshold 5 %',
      trades: [
        { key: 'p/rebalance/1', status: 'executed', orderId: 'o1', filled: '1' },
        { key: 'p/rebalance/2', status: 'dropped', orderId: 'o2', filled: '0' },
        { key: 'p/rebalance/3', status: 'working', orderId: null, filled: '0' },
        { key: 'p/rebalance/4', status: 'scheduled', orderId: null, filled: '0', dueAt: T0 + 4 * HOUR },
      ],
    })
    expect(plannedFact(record)).toMatchObject({ type: 'rebalance.planned', plan: { status: 'planned' } })
  })

  it('tells of an order what it brought, and why one brought nothing', () => {
    const record = hearing(asked(born(trade(1), trade(1))), order(1, 'ERROR', '0.4'), order(2, 'ERROR', '0'))
    expect(endedFacts(record)).toMatchObject([
      { type: 'rebalance.tradeExecuted', orderId: 'o1', quantity: '0.4', cost: '40', fees: '0.4', batch: 1 },
      { type: 'rebalance.tradeDropped', batch: 1, reason: 'error' },
    ])
  })

  const next = (record: plan.PlanRecord): plan.PlanRecord => {
    const due = { ...record, ...batches.withNextBatch(record) }
    return { ...due, ...batches.withBatchStarted({ ...due, updatedAt: due.dueAt }) }
  }
  const rows = ({ trades }: plan.PlanRecord) =>
    trades.map(({ key, state, filled, trade: { batch, quantity, valueUsd } }) =>
      [key.slice('p/rebalance/'.length), batch, quantity, valueUsd, state, filled].join(' '),
    )

  it('moves what expired to the next trade of the same symbol and side, to the cent', () => {
    const expired = hearing(asked(born(trade(1), trade(2))), order(1, 'EXPIRED', '0.333'))
    expect(endedFacts(expired)).toMatchObject([
      { type: 'rebalance.tradeExecuted', quantity: '0.333', batch: 1 },
      {
        type: 'rebalance.tradePostponed',
        quantity: '0.667',
        batch: 1,
        plan: { trades: [{ status: 'scheduled' }, {}] },
      },
    ])
    expect(rows(next(expired))).toEqual(['1 1 0.333 33.3 ended 0.333', '2 2 1.667 166.7 waiting 0'])
    // What was filled late was filled: so much less is left.
    const late = hearing(expired, order(1, 'EXPIRED', '0.5'))
    expect(rows(next(late))).toEqual(['1 1 0.5 50 ended 0.5', '2 2 1.5 150 waiting 0'])
  })

  it('tries again what a pause or a stop took back, and not what fills at once or not at all', () => {
    const back = hearing(asked(born(trade(1), trade(2))), order(1, 'CANCELLED', '0.4'))
    expect(endedFacts(back)).toMatchObject([
      { type: 'rebalance.tradeExecuted', quantity: '0.4' },
      { type: 'rebalance.tradePostponed', quantity: '0.6' },
    ])
    expect(rows(next(back))).toEqual(['1 1 0.4 40 ended 0.4', '2 2 1.6 160 waiting 0'])
    const cut = order(1, 'CANCELLED', '0.4')
    const atOnce = { ...cut, request: { ...cut.request, timeInForce: 'IOC' as const } }
    const over = hearing(asked(born(trade(1), trade(2))), atOnce)
    expect(over.ends.map(({ kind }) => kind)).toEqual(['executed'])
    expect(rows(next(over))).toEqual(['1 1 1 100 ended 0.4', '2 2 1 100 waiting 0'])
  })

  /** Sells worth 100 USD and buys worth so much, in the first of two batches; the sells have ended with so much filled. */
  const sold = (filled: string, buyUsd: string, status: OrderView['status'] = 'EXPIRED'): plan.PlanRecord => {
    const buy = { ...trade(1, 'buy'), symbol: 'XRP/USDT', quantity: '10', valueUsd: buyUsd }
    const rest = hearing(asked(born(trade(1), buy, trade(2))), order(1, filled === '1' ? 'FILLED' : status, filled))
    return { ...rest, ...plan.asked(rest, 'buy') }
  }
  it.each([
    // sold of 100 USD, buys in USD, what is asked of 10 units
    ['1', '100', '10'],
    ['1', '250', '10'],
    ['0', '100', '0'],
    ['0.4', '100', '4'],
    // Cash that is there pays for 100 of 200 USD.
    ['0', '200', '5'],
    ['0.5', '200', '7.5'],
    // Half of what is sold is to stay cash.
    ['0.6', '50', '6'],
  ])('buys with what its sells brought: %s sold of 100 USD, %s USD to buy', (filled, usd, quantity) => {
    expect(sold(filled, usd).asking.map(({ trade: one }) => one.quantity)).toEqual([quantity])
  })

  it('never spends more than the cash that it meant to spend and what its sells brought, and all of that at most', () => {
    const share = fc.integer({ min: 0, max: 100 })
    fc.assert(
      fc.property(share, fc.integer({ min: 1, max: 100_000 }), (filled, cents) => {
        const usd = (cents / 100).toFixed(2)
        const brought = amount(filled)
        const own = amount(usd).minus(100)
        const [asking] = sold(String(filled / 100), usd).asking
        const spends = amount(asking?.trade.quantity ?? 0)
          .times(usd)
          .div(10)
        expect(spends.lte(brought.plus(own.gt(0) ? own : 0))).toBe(true)
        expect(spends.lte(usd)).toBe(true)
        // Nothing is held back that is paid for: to the lot, and where cash is to be raised, by its share.
        const paid = own.gt(0) ? brought.plus(own) : brought.times(usd).div(100)
        expect(paid.minus(spends).lt('0.00001')).toBe(true)
      }),
      { seed: 5 },
    )
  })

  it('tries what its sells did not pay for again with what the sells left, and not where they left nothing', () => {
    const bought = (quantity: string): OrderView => {
      const view = order(2, 'FILLED', quantity)
      return { ...view, quantity, request: { ...view.request, quantity, side: 'buy' } }
    }
    const partly = hearing(sold('0.4', '100'), bought('4'))
    expect(partly.ends).toMatchObject([
      { kind: 'executed', filled: '4' },
      { kind: 'postponed', quantity: '6' },
    ])
    expect(rows(next(partly))).toEqual([
      ...['1 1 0.4 40 ended 0.4', '2 1 4 40 ended 4'],
      ...['3 2 1.6 160 waiting 0', '4 2 6 60 waiting 0'],
    ])
    const none = sold('0', '100')
    const away = { ...none, ...plan.withUnborn(none, { key: 'p/rebalance/2', reason: 'nothing was sold' }) }
    expect(away.ends).toMatchObject([{ kind: 'postponed', quantity: '10' }])
    expect(rows(next(away)).slice(2)).toEqual(['3 2 2 200 waiting 0', '4 2 10 100 waiting 0'])
    const failed = hearing(sold('0.4', '100', 'ERROR'), bought('4'))
    expect(failed.ends.map(({ kind }) => kind)).toEqual(['executed'])
    expect(batches.unfilledOf(failed)).toMatchObject([{ side: 'sell' }, { side: 'buy', quantity: '6', valueUsd: '60' }])
  })

  it('gives it a trade of its own where the next batch has none such, and one try after the last', () => {
    const two = born(trade(1), trade(1, 'buy'), trade(2, 'buy'))
    const expired = hearing(asked(two), order(1, 'EXPIRED', '0'))
    expect(batches.isLastBatch({ ...expired, batch: 2 })).toBe(false)
    const moved = next(expired)
    expect(rows(moved)[2]).toBe('4 2 1 100 waiting 0')
    const again = hearing(asked(moved), order(4, 'EXPIRED', '0'))
    expect(batches.isLastBatch(again)).toBe(false)
    const last = next(again)
    expect(rows(last).at(-1)).toBe('5 3 1 100 waiting 0')
    const over = hearing(asked(last), order(5, 'EXPIRED', '0.25'))
    expect(batches.isLastBatch(over)).toBe(true)
    expect(over.ends).toMatchObject([{ kind: 'executed', filled: '0.25' }])
    expect(batches.unfilledOf(over).filter(({ side }) => side === 'sell')).toEqual([
      { symbol: 'BTC/USDT', side: 'sell', quantity: '0.75', valueUsd: '75' },
    ])
  })

  it('tells a fill that comes after the end as what it adds, and nothing twice', () => {
    const ended = hearing(asked(born(trade(1))), order(1, 'ERROR', '0.4'))
    expect(endedFacts(hearing(ended, order(1, 'ERROR', '0.4')))).toEqual([])
    const late = hearing(ended, order(1, 'ERROR', '0.7'))
    expect(endedFacts(late)).toMatchObject([
      { type: 'rebalance.tradeExecuted', quantity: '0.3', cost: '30', fees: '0.3' },
    ])
    expect(endedFacts(hearing(late, order(1, 'ERROR', '0.4'), order(1, 'ERROR', '0.7')))).toEqual([])
    expect(plan.planView(late, 'active').trades[0]).toMatchObject({ status: 'executed', filled: '0.7' })
  })

  it('says why a trade was turned away before it had an order', () => {
    const record = asked(born(trade(1)))
    const turned = { ...record, ...plan.withUnborn(record, { key: 'p/rebalance/1', reason: 'STALE_DATA' }) }
    expect(endedFacts(turned)).toMatchObject([{ type: 'rebalance.tradeDropped', reason: 'STALE_DATA' }])
    const again = { ...turned, ...plan.withUnborn(turned, { key: 'p/rebalance/1', reason: 'STALE_DATA' }) }
    expect(endedFacts(again)).toEqual([])
  })

  it('that comes late lets one batch go and keeps the distance of the rest', () => {
    const record = { ...born(trade(1), trade(2), trade(3)), batch: 2, updatedAt: T0 + 9 * HOUR }
    const begun = { ...record, ...batches.withBatchStarted(record) }
    expect(begun.trades?.map(({ trade: { dueAt } }) => (dueAt - T0) / HOUR)).toEqual([0, 9, 13])
    expect(batches.withNextBatch({ ...begun, updatedAt: T0 + 9.5 * HOUR })).toEqual({ batch: 3, dueAt: T0 + 13 * HOUR })
    expect(batches.withNextBatch({ ...begun, updatedAt: T0 + 14 * HOUR }).dueAt).toBe(T0 + 14 * HOUR)
  })

  it('that goes on late keeps the distance of the rest too', () => {
    const begun = hearing(asked({ ...born(trade(1), trade(1, 'buy'), trade(2)), started: 1 }), order(1, 'FILLED', '1'))
    const late = { ...begun, updatedAt: T0 + 10 * HOUR }
    const { trades } = { ...late, ...batches.withBatchStarted(late) }
    expect(trades.map(({ trade: { dueAt } }) => (dueAt - T0) / HOUR)).toEqual([0, 10, 14])
  })

  it('in time keeps its times', () => {
    const record = { ...born(trade(1), trade(2)), updatedAt: T0 }
    expect(batches.withBatchStarted(record).trades?.map(({ trade: { dueAt } }) => dueAt)).toEqual([T0, T0 + 4 * HOUR])
  })

  it('asks once more, under another key, for what proved never to have reached the venue', () => {
    const lost = hearing(asked(born(trade(1))), order(1, 'ERROR', '0', 'not-at-venue'))
    expect([lost.ends, plan.keysOf(lost, 'waiting')]).toEqual([[], ['p/rebalance/1/again']])
    const again = asked(lost)
    const view = order(1, 'ERROR', '0', 'not-at-venue')
    const twice = hearing(again, { ...view, request: { ...view.request, key: 'p/rebalance/1/again' } })
    expect(twice.ends).toMatchObject([{ kind: 'dropped', reason: 'not-at-venue' }])
  })

  it('asks again for an order that was never written down', () => {
    const record = asked(born(trade(1), trade(1)))
    const back = { ...record, ...plan.withRecovered(record, [order(2, 'OPEN', '0')]) }
    expect(plan.keysOf(back, 'waiting')).toEqual(['p/rebalance/1'])
    expect(plan.keysOf({ ...back, ...plan.withRestDropped(back) }, 'ended')).toEqual(['p/rebalance/1'])
  })
})
