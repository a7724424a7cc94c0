import { describe, expect, it } from 'vitest'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import { afterCooldown, afterRebalance, afterTrade, type StreakState } from '../../src/domain/risk-state.ts'
import { BTC, NOW, XRP } from './risk-builders.ts'

const MINUTE = 60_000
const none: StreakState = { lossStreak: 0, cooldownUntil: {} }

describe('cooldowns', () => {
  it('the longest running one counts, whichever came first', () => {
    const long = { symbol: BTC, until: NOW + 15 * MINUTE }
    const short = { symbol: BTC, until: NOW + 10 * MINUTE }
    expect(afterCooldown(afterCooldown(none, long), short).cooldownUntil[BTC]).toBe(long.until)
    expect(afterCooldown(afterCooldown(none, short), long).cooldownUntil[BTC]).toBe(long.until)
  })

  it('are one symbol’s, and leave the streak of the account', () => {
    const rested = afterCooldown({ ...none, lossStreak: 4 }, { symbol: BTC, until: NOW })
    expect(rested).toEqual({ lossStreak: 4, cooldownUntil: { [BTC]: NOW } })
  })

  it('a lost trade does not shorten the rest after a spike, nor a spike the rest after losses', () => {
    const spike = { symbol: BTC, until: NOW + 15 * MINUTE }
    const loss = { symbol: BTC, net: '-1', at: NOW }
    expect(afterTrade(afterCooldown(none, spike), loss, LIMITS).cooldownUntil[BTC]).toBe(spike.until)
    const fifth = afterTrade({ ...none, lossStreak: 4 }, loss, LIMITS)
    expect(afterCooldown(fifth, spike).cooldownUntil[BTC]).toBe(NOW + 60 * MINUTE)
  })

  it('after a rebalance every symbol that it traded rests half an hour', () => {
    const rested = afterRebalance(none, { symbols: [BTC, XRP], at: NOW }, LIMITS)
    expect(rested.cooldownUntil).toEqual({ [BTC]: NOW + 30 * MINUTE, [XRP]: NOW + 30 * MINUTE })
    expect(afterRebalance(none, { symbols: [], at: NOW }, LIMITS)).toEqual(none)
  })
})
