/** Proposals, states and limits at random, such that every limit is reached: each obstacle seldom, its figures near the edge. */
import fc from 'fast-check'
import type { Pair } from '../../src/domain/ids.ts'
import { DEFAULT_RISK_LIMITS, type RiskLimits } from '../../src/domain/risk-limits.ts'
import type { Exposure, PendingEntry, ProposalForRisk, RiskState } from '../../src/domain/risk-state.ts'
import { amount, text } from '../../src/domain/units.ts'
import { REGIMES } from '../../src/domain/views.ts'
import { BTC, ETH, instrument, latched, NOW, proposal, state, XRP, XRP_BTC } from './risk-builders.ts'

const PRICES: Readonly<Record<string, string>> = { [BTC]: '100', [XRP]: '0.5', [XRP_BTC]: '0.005', [ETH]: '10' }
const anySymbol = fc.constantFrom(BTC, BTC, XRP, XRP_BTC)
const anySide = fc.constantFrom('long' as const, 'long' as const, 'short' as const)
const cents = (min: number, max: number) => fc.integer({ min, max }).map((value) => text(amount(value).div(100)))
/** Mostly `usual`, one time in `odds` something else. */
const seldom = <T>(odds: number, usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: odds - 1, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other })

const anyExposure: fc.Arbitrary<Exposure> = fc.record({
  symbol: fc.constantFrom(BTC, XRP, XRP_BTC, ETH, ETH),
  side: anySide,
  notionalUsd: cents(0, 15_000),
  riskUsd: cents(0, 900),
})
const anyPending: fc.Arbitrary<PendingEntry> = fc
  .record({ exposure: anyExposure, marginUsd: cents(0, 8_000), costQuote: cents(0, 8_000), heldAtVenue: fc.boolean() })
  .map(({ exposure, ...rest }) => ({ ...exposure, ...rest }))
const anyBreaker = fc
  .tuple(
    fc.constantFrom('daily_loss' as const, 'weekly_loss' as const, 'drawdown' as const, 'straight_losses' as const),
    fc.constantFrom(null, NOW - 1, NOW, NOW + 1),
    fc.boolean(),
  )
  .map((given) => latched(...given))

/** 1,000 USD, so that cents reach every edge. */
export const anyState: fc.Arbitrary<RiskState> = fc
  .record({
    positions: seldom<readonly Exposure[] | null>(40, [], fc.constant(null)).chain((positions) =>
      positions === null ? fc.constant(null) : fc.array(anyExposure, { maxLength: 4 }),
    ),
    pendingEntries: seldom<readonly PendingEntry[]>(3, [], fc.array(anyPending, { maxLength: 3 })),
    lossStreak: seldom(2, 0, fc.integer({ min: 1, max: 6 })),
    drawdownPct: seldom(2, '0', fc.constantFrom('4.99', '5', '9.99', '10', '14.99', '15', '19.99', '20')),
    dayLoss: seldom(2, '0', cents(-2_000, 5_000)),
    weekLoss: seldom(5, '0', fc.constantFrom('99.99', '100')),
    regime: seldom(2, 'trending_bull' as const, fc.constantFrom(...REGIMES)),
    free: fc.oneof(fc.constant('1000'), cents(5_000, 25_000)),
    usedUsd: seldom(3, '0', cents(20_000, 50_000)),
    spikes: seldom<readonly Pair[]>(5, [], fc.subarray([BTC, XRP, XRP_BTC])),
    mayOpenRisk: seldom(40, true, fc.constant(false)),
    halted: seldom<Record<string, string>>(
      40,
      {},
      anySymbol.map((symbol) => ({ [symbol]: 'a mismatch' })),
    ),
    rest: seldom(20, NOW, fc.constantFrom(NOW - 1, NOW + 1)),
    unknown: seldom<readonly Pair[]>(
      40,
      [],
      anySymbol.map((symbol) => [symbol]),
    ),
    markAt: seldom(20, NOW, fc.constantFrom(NOW - 60_000, NOW - 60_001, NOW + 60_001)),
    stale: seldom<string | null>(20, null, fc.constantFrom(ETH, XRP_BTC, BTC)),
    breakers: seldom(8, [], fc.array(anyBreaker, { maxLength: 2 })),
  })
  .map(({ dayLoss, weekLoss, regime, free, usedUsd, spikes, halted, rest, unknown, markAt, stale, ...others }) =>
    state({
      ...others,
      marks: Object.fromEntries(
        Object.entries(PRICES).map(([symbol, price]) => [
          symbol,
          { price, at: symbol === stale ? NOW - 60_001 : markAt },
        ]),
      ),
      day: { lossUsd: dayLoss, openingEquityUsd: '1000' },
      week: { lossUsd: weekLoss, openingEquityUsd: '1000' },
      regimes: { [BTC]: regime, [XRP]: regime, [XRP_BTC]: regime },
      freeQuote: { USDT: free, BTC: text(amount(free).div(100)) },
      margin: { usedUsd, freeUsd: free },
      haltedSymbols: halted,
      cooldownUntil: { [BTC]: rest, [XRP]: rest },
      unknownOrderSymbols: unknown,
      volatilitySpikes: spikes,
    }),
  )

const anySize = fc.oneof(
  fc.constantFrom(0.001, 0.05, 0.1, 10, 20, 40, 100),
  fc.integer({ min: 1, max: 60_000 }).map((thousandths) => thousandths / 1000),
)

export const anyProposal: fc.Arbitrary<ProposalForRisk> = fc
  .record({
    symbol: anySymbol,
    isBuy: seldom(4, true, fc.constant(false)),
    confidence: fc.oneof(
      fc.constant(1),
      fc.integer({ min: 50, max: 100 }).map((value) => value / 100),
    ),
    stop: seldom<number | null>(30, 20, fc.constant(null)).chain((value) =>
      value === null ? fc.constant(null) : fc.oneof(fc.integer({ min: 5, max: 30 }), fc.integer({ min: -2, max: 52 })),
    ),
    target: seldom<number | null>(30, 60, fc.constant(null)).chain((value) =>
      value === null ? fc.constant(null) : fc.oneof(fc.constant(90), fc.integer({ min: 10, max: 120 })),
    ),
    entry: seldom(2, 0, fc.integer({ min: -12, max: 12 })),
    sizePct: anySize,
    leverage: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 7 })),
    viewConfidences: fc.constantFrom([], [0.8], [0.8, 0.6], [0.9, 0.6]),
  })
  .map(({ isBuy, stop, target, entry, symbol, ...rest }) => {
    const from = amount(PRICES[symbol] ?? 0)
      .times(1000 + entry)
      .div(1000)
    const away = (tenths: number | null, up: boolean): string | null =>
      tenths === null ? null : text(from.times(1000 + (up ? tenths : -tenths)).div(1000))
    return proposal({
      ...{ ...rest, symbol, instrument: instrument(symbol), action: isBuy ? 'BUY' : 'SELL', entryPrice: text(from) },
      ...{ stopLoss: away(stop, !isBuy), takeProfit: away(target, isBuy) },
    })
  })

export const anyLimits: fc.Arbitrary<RiskLimits> = fc
  .boolean()
  .map((enabled) => ({ ...DEFAULT_RISK_LIMITS, margin: { enabled } }))
