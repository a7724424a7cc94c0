/**
 * One risk verdict with four positions and two pending entries in the book, approved, so that every rule is asked; beside reading
 * the same proposal and state from JSON, the least that asking somebody else would cost.
 */
import { assess } from '../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS } from '../src/domain/risk-limits.ts'
import type { Exposure } from '../src/domain/risk-state.ts'
import { BTC, proposal, state, XRP, XRP_BTC } from '../test/domain/risk-builders.ts'
import { type Spread, spreadOf } from './measure.ts'

const VERDICTS = 20_000
/** One more than the book holds, so that the slots do not end it early. */
const LIMITS = { ...DEFAULT_RISK_LIMITS, maxPositions: 7, maxPositionsPerSymbol: 4 }

const exposure = (symbol: Exposure['symbol'], side: Exposure['side'], notionalUsd: string): Exposure => ({
  ...{ symbol, side, notionalUsd, riskUsd: '1.234567' },
})
const pending = { marginUsd: '25.5', costQuote: '25.6275', heldAtVenue: true }
const BOOK = state({
  positions: [
    exposure(BTC, 'long', '51.234567'),
    exposure(XRP, 'long', '40.0000125'),
    exposure(XRP, 'short', '33.3333333'),
    exposure(XRP_BTC, 'long', '27.18281828'),
  ],
  pendingEntries: [
    { ...exposure(BTC, 'long', '25.5'), ...pending },
    { ...exposure(XRP_BTC, 'short', '25.5'), ...pending, heldAtVenue: false },
  ],
  lossStreak: 1,
  drawdownPct: '3.25',
  day: { lossUsd: '4.2', openingEquityUsd: '1004.2' },
})

export interface VerdictFigures {
  readonly name: string
  readonly baseline: string
  readonly measured: Spread
  readonly bare: Spread
}

export function verdictFigures(): VerdictFigures {
  // Below what any rule reduces, and never twice the same.
  const asked = Array.from({ length: VERDICTS }, (_, number) =>
    proposal({ proposalId: `p${number}`, sizePct: 5 + (number % 50) / 100, viewConfidences: [0.7, 0.8] }),
  )
  const written = asked.map((request) => JSON.stringify({ request, state: BOOK }))
  const measured = spreadOf(asked, (request) => {
    const verdict = assess(request, BOOK, LIMITS)
    if (verdict.kind !== 'approved') throw new Error(verdict.reasons.join('; '))
  })
  const bare = spreadOf(written, (line) => {
    if (JSON.parse(line) === null) throw new Error('nothing was written')
  })
  return { name: 'risk verdict, 4 positions, 2 pending', baseline: 'JSON of the question', measured, bare }
}
