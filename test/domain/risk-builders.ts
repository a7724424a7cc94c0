/** A proposal that passes and a state with room, to be bent one figure at a time. */
import type { LatchedBreaker } from '../../src/domain/breakers.ts'
import { pair, positionId } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../../src/domain/instrument.ts'
import type { ProposalForRisk, RiskState } from '../../src/domain/risk-state.ts'

export const NOW = 1_800_000_000_000
export const BTC = pair('BTC/USDT')
export const XRP = pair('XRP/USDT')
export const XRP_BTC = pair('XRP/BTC')
export const ETH = pair('ETH/USDT')

export function instrument(symbol: string): Instrument {
  const found = BUILT_IN_INSTRUMENTS.find((one) => one.symbol === symbol)
  if (found === undefined) throw new Error(`no rules for ${symbol}`)
  return found
}

/** BTC at 100: stop 3 % away, target 6 %, 10 % of equity. */
export const proposal = (over: Partial<ProposalForRisk> = {}): ProposalForRisk => ({
  proposalId: 'p1',
  positionId: positionId('pos1'),
  symbol: BTC,
  action: 'BUY',
  confidence: 0.8,
  entryPrice: '100',
  stopLoss: '97',
  takeProfit: '106',
  sizePct: 10,
  leverage: 1,
  instrument: instrument(over.symbol ?? BTC),
  ...over,
})

export const state = (over: Partial<RiskState> = {}): RiskState => ({
  now: NOW,
  mayOpenRisk: true,
  haltedSymbols: {},
  equityUsd: '1000',
  marks: {
    'BTC/USDT': { price: '100', at: NOW },
    'XRP/USDT': { price: '0.5', at: NOW },
    'XRP/BTC': { price: '0.005', at: NOW },
    'ETH/USDT': { price: '10', at: NOW },
  },
  staleMarks: [],
  freeQuote: { USDT: '1000', BTC: '10' },
  margin: { usedUsd: '0', freeUsd: '1000' },
  fees: { entry: '0.005', exit: '0.005' },
  positions: [],
  pendingEntries: [],
  unknownOrderSymbols: [],
  regimes: { 'BTC/USDT': 'trending_bull', 'XRP/USDT': 'trending_bull', 'XRP/BTC': 'trending_bull' },
  volatilitySpikes: [],
  breakers: [],
  day: { lossUsd: '0', openingEquityUsd: '1000' },
  week: { lossUsd: '0', openingEquityUsd: '1000' },
  drawdownPct: '0',
  lossStreak: 0,
  cooldownUntil: {},
  ...over,
})

export const latched = (name: LatchedBreaker['name'], until: number | null, acknowledged = false): LatchedBreaker => ({
  ...{ name, trippedAt: NOW - 1, until, acknowledged },
})
