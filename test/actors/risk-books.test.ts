/** What the books remember of risk: the same whether it happened or was read back. */
import { describe, expect, it } from 'vitest'
import { createBooks } from '../../actors/books.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { positionId } from '../../src/domain/ids.ts'
import { NOTHING_REMEMBERED } from '../../src/domain/risk-record.ts'
import { BTC, balance, factOf, POSITION, positionOf, SETTINGS, T0 } from './trading-house.ts'

const folded = (facts: readonly Fact[]) => {
  const books = createBooks(SETTINGS.limits)
  for (const fact of facts) books.apply(fact)
  return books
}
let closed = 0
const trade = (realisedGross: string, fees = '0'): Fact => {
  closed += 1
  const position = positionOf({ positionId: positionId(`t${closed}`), status: 'closed', realisedGross, fees })
  return factOf({ type: 'position.closed', position })
}
const tripped = (breaker: 'daily_loss' | 'straight_losses', valuePct = '5'): Fact =>
  factOf({ type: 'risk.breakerTripped', breaker, valuePct, thresholdPct: '5', until: T0 + 1 })

describe('breakers', () => {
  it('are latched, acknowledged and lifted by their facts', () => {
    const latched = folded([tripped('daily_loss')])
    expect(latched.risk().breakers).toEqual([{ name: 'daily_loss', trippedAt: T0, until: T0 + 1, acknowledged: false }])
    latched.apply(factOf({ type: 'risk.breakerAcknowledged', breaker: 'daily_loss', by: 'admin' }))
    expect(latched.risk().breakers[0]?.acknowledged).toBe(true)
    latched.apply(factOf({ type: 'risk.breakerLifted', breaker: 'daily_loss', by: 'time' }))
    expect(latched.risk().breakers).toEqual([])
  })

  it('of a streak are told once for each length, and from the beginning after a win', () => {
    const losses = Array.from({ length: 5 }, () => trade('-1'))
    const books = folded([...losses, tripped('straight_losses')])
    expect(books.risk()).toMatchObject({ lossStreak: 5, toldLossStreak: 5 })
    books.apply(trade('1'))
    expect(books.risk()).toMatchObject({ lossStreak: 0, toldLossStreak: 0 })
    // Written down in the other order, for the win was still on its way to the disk.
    expect(folded([...losses, trade('1'), tripped('straight_losses')]).risk()).toMatchObject({
      ...{ lossStreak: 0, toldLossStreak: 0 },
    })
  })

  it('know which positions they had reduced, until those are closed', () => {
    const reducing = factOf({ type: 'position.reducing', position: positionOf(), reason: 'breaker', quantity: '0.005' })
    const books = folded([reducing])
    expect(books.halvedAt(POSITION)).toBe(T0)
    books.apply(factOf({ type: 'position.closed', position: positionOf({ status: 'closed' }) }))
    expect(books.halvedAt(POSITION)).toBeNull()
    const denied = factOf({ type: 'position.denied', positionId: POSITION, symbol: BTC, reason: '0.005 was not sold' })
    const reduced = factOf({ type: 'position.reduced', position: positionOf(), reason: 'breaker' })
    expect(folded([reducing, denied]).halvedAt(POSITION)).toBeNull()
    expect(folded([reducing, reduced, denied]).halvedAt(POSITION)).toBe(T0)
    expect(folded([{ ...reducing, reason: 'api' }]).halvedAt(POSITION)).toBeNull()
  })
})

describe('a record that was told', () => {
  it('brings openings and peaks back, and leaves streak, rests and breakers to their own facts', () => {
    const told = { ...NOTHING_REMEMBERED, peakTradingNet: '7', peakBaseUsd: '1000', drawdownWarned: true }
    const books = folded([trade('-1'), tripped('daily_loss'), factOf({ type: 'risk.stateChanged', risk: told })])
    expect(books.risk()).toMatchObject({ peakTradingNet: '7', peakBaseUsd: '1000', drawdownWarned: true })
    expect(books.risk()).toMatchObject({ lossStreak: 1, breakers: [{ name: 'daily_loss' }] })
    expect(books.riskTold()).toEqual({ risk: told, at: T0 })
  })

  it('is not needed: a journal of older code has the openings, and flows since then move them', () => {
    const figures = { equityUsd: '1000', tradingNet: '10', tradingPeak: '10' }
    const flow = { flowId: 'f', kind: 'deposit', asset: balance('USDT', '1').asset, amount: '1000', at: T0 } as const
    const books = folded([
      factOf({ type: 'account.opened', balances: [balance('USDT', '1000')], marks: {} }),
      factOf({ type: 'account.periodBegan', period: 'week', number: 1, ...figures }),
      factOf({ type: 'account.flowed', flow: flow as never, usdRate: '1', valueUsd: '1000' }),
      factOf({ type: 'account.periodBegan', period: 'day', number: 9, ...figures, equityUsd: '2000' }),
    ])
    expect(books.risk()).toMatchObject({
      day: { openingEquityUsd: '2000', tradingNet: '10' },
      week: { openingEquityUsd: '2000', tradingNet: '10' },
      ...{ peakTradingNet: '10', peakBaseUsd: '2000', flowsUsd: '1000' },
    })
  })
})

it('a streak counts what a trade brought after fees and the charges of margin', () => {
  expect(folded([trade('2', '1.9')]).streaks().lossStreak).toBe(0)
  expect(folded([trade('2', '2.1')]).streaks().lossStreak).toBe(1)
})
