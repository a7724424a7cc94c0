import { describe, expect, it } from 'vitest'
import { type ExposureInput, exposureOf } from '../../src/domain/exposure.ts'
import { pair, positionId } from '../../src/domain/ids.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import type { PositionView } from '../../src/domain/position.ts'
import { DEFAULT_RISK_LIMITS } from '../../src/domain/risk-limits.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'
import { AT, fillOf, orderOf, requestOf } from './order-builders.ts'

const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const XRP_BTC = pair('XRP/BTC')

const held = (id: string, over: Partial<PositionView> = {}): PositionView => ({
  ...{ positionId: positionId(id), symbol: BTC, side: 'long', status: 'open', phase: 'protected', leverage: 1 },
  ...{ quantity: '0.02', entryPrice: '50000', exitPrice: '0', stopLoss: '49000', takeProfit: null, trailing: null },
  ...{ realisedGross: '0', fees: '8', financing: '0', closeReason: null, openedAt: AT, updatedAt: AT, closedAt: null },
  ...over,
})
const entry = (of: string, over: Partial<OrderRequest> = {}) =>
  requestOf({ key: `${of}/entry/1`, positionId: positionId(of), symbol: BTC, ...over })

const exposure = (over: Partial<ExposureInput> = {}) =>
  exposureOf({
    ...{ now: AT, positions: [], entries: [], reserved: [], symbols: [BTC, XRP], staleMarks: [], coreUsd: '7000' },
    ...{ priceOf: pricesFrom({ 'BTC/USDT': '51000', 'XRP/USDT': '1', 'XRP/BTC': '0.00002' }), equityUsd: '10000' },
    ...{ limits: DEFAULT_RISK_LIMITS, ...over },
  })

describe('exposure', () => {
  it('of an empty book is zero, and every slot is free', () => {
    const { total, slots, bySide, coreUsd } = exposure()
    const nothing = { notionalUsd: '0', marginUsd: '0', unrealisedUsd: '0', feesUsd: '0' }
    expect(total).toEqual({ ...nothing, pendingUsd: '0', equityPct: '0' })
    expect(slots).toMatchObject({ most: 5, used: 0, free: 5, bySymbol: { 'XRP/USDT': { most: 2, used: 0, free: 2 } } })
    expect([bySide, coreUsd]).toEqual([[], '7000'])
  })

  it('of a position is its volume at the mark, its margin that over its leverage, its profit by its side', () => {
    const short = held('p2', {
      symbol: XRP,
      side: 'short',
      leverage: 2,
      quantity: '1000',
      entryPrice: '1.1',
      fees: '9',
    })
    const { positions, total, bySide } = exposure({ positions: [held('p1'), short] })
    expect(positions).toMatchObject([
      { mark: '51000', notionalUsd: '1020', marginUsd: '1020', unrealisedUsd: '20', feesUsd: '8', equityPct: '10.2' },
      { mark: '1', notionalUsd: '1000', marginUsd: '500', unrealisedUsd: '100', feesUsd: '9', equityPct: '10' },
    ])
    expect(total).toMatchObject({ notionalUsd: '2020', marginUsd: '1520', unrealisedUsd: '120', equityPct: '20.2' })
    expect(bySide).toMatchObject([
      { symbol: BTC, side: 'long', positions: 1, notionalUsd: '1020' },
      { symbol: XRP, side: 'short', positions: 1, notionalUsd: '1000' },
    ])
  })

  it('is in USD whatever the quote: XRP/BTC goes through BTC, fees and financing too', () => {
    const cross = held('p1', { symbol: XRP_BTC, quantity: '500', entryPrice: '0.000018', fees: '0.0001' })
    const [stake] = exposure({ positions: [{ ...cross, financing: '0.0001' }] }).positions
    expect(stake).toMatchObject({ notionalUsd: '510', unrealisedUsd: '51', feesUsd: '10.2' })
  })

  it('counts what may still fill of an entry once, with its position, which takes one slot', () => {
    const half = orderOf(entry('p1', { quantity: '0.04', limitPrice: '50000' }), [fillOf('f', '50000', '0.02')])
    const { positions, pendingEntries, total, slots } = exposure({ positions: [held('p1')], entries: [half] })
    expect(pendingEntries).toMatchObject([{ quantity: '0.02', notionalUsd: '1000', marginUsd: '1000', side: 'long' }])
    expect(positions[0]).toMatchObject({ notionalUsd: '1020', pendingUsd: '1000', equityPct: '20.2' })
    expect(total).toMatchObject({ notionalUsd: '1020', pendingUsd: '1000', equityPct: '20.2' })
    expect(slots).toMatchObject({ used: 1, free: 4, bySymbol: { 'BTC/USDT': { used: 1, free: 1 } } })
  })

  it('counts entries that only rest, those without a limit at the mark, and approvals that have no order yet', () => {
    const resting = orderOf(entry('p1', { quantity: '0.01', limitPrice: '50000' }))
    const atMarket = orderOf(entry('p2', { quantity: '0.01', limitPrice: null, type: 'market' }))
    const { total, slots } = exposure({ entries: [resting, atMarket], reserved: [XRP] })
    expect(total).toMatchObject({ notionalUsd: '0', pendingUsd: '1010' })
    expect(slots).toMatchObject({ used: 3, free: 2, bySymbol: { 'BTC/USDT': { free: 0 }, 'XRP/USDT': { free: 1 } } })
  })

  it('is unknown, never smaller, where a mark is stale; of the others it is still told', () => {
    const priceOf = pricesFrom({ 'XRP/USDT': '1' })
    const positions = [held('p1'), held('p2', { symbol: XRP, quantity: '100', entryPrice: '1' })]
    const told = exposure({ positions, priceOf, equityUsd: null, staleMarks: [BTC] })
    expect(told.positions).toMatchObject([
      { mark: null, notionalUsd: null, unrealisedUsd: null, equityPct: null },
      { mark: '1', notionalUsd: '100', unrealisedUsd: '0', equityPct: null },
    ])
    expect(told.total).toMatchObject({ notionalUsd: null, unrealisedUsd: null, equityPct: null, feesUsd: '16' })
    expect(told.staleMarks).toEqual([BTC])
  })

  it('has no share of an equity that is not above zero', () => {
    expect(exposure({ positions: [held('p1')], equityUsd: '0' }).total.equityPct).toBeNull()
  })

  it('never has less than no free slot', () => {
    const positions = Array.from({ length: 6 }, (_, index) => held(`p${index}`))
    expect(exposure({ positions }).slots).toMatchObject({ used: 6, free: 0, bySymbol: { 'BTC/USDT': { free: 0 } } })
  })
})
