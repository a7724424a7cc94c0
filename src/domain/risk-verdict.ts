/** The risk engine's closed vocabulary, and what it says of a proposal. */
import type { Pair } from './ids.ts'
import type { Numeric } from './units.ts'

export const RISK_CODES = [
  'TRADING_HALTED',
  'IN_COOLDOWN',
  'STOP_LOSS_REQUIRED',
  'STOP_TOO_TIGHT',
  'STOP_TOO_WIDE',
  'LOW_RR',
  'CONFIDENCE_TOO_LOW',
  'STALE_PRICE',
  'OPEN_RISK',
  'EXPOSURE_LIMIT',
  'CORRELATED_EXPOSURE',
  'INSUFFICIENT_MARGIN',
  'POSITION_LIMIT',
  'POSITIONS_UNAVAILABLE',
  'CIRCUIT_BREAKER',
  'STALE_DATA',
  'UNKNOWN_ORDER_ON_SYMBOL',
  'SHORT_UNAVAILABLE',
  'BELOW_MINIMUM',
  'INVALID_PROPOSAL',
] as const
export type RiskCode = (typeof RISK_CODES)[number]

export const RISK_WARNINGS = [
  'SIZE_REDUCED',
  'SIZE_REDUCED_LOSSES',
  'LEVERAGE_REDUCED',
  'VOLATILITY_SPIKE',
  'HIGH_CORRELATION',
  'AGENT_DISAGREEMENT',
] as const
export type RiskWarning = (typeof RISK_WARNINGS)[number]

/** The proposal as it was judged in the end: prices on the tick, size and leverage after everything that was taken off. */
export interface ModifiedProposal {
  readonly symbol: Pair
  readonly action: 'BUY' | 'SELL'
  /** Collateral in lots, per cent of equity, six decimals. */
  readonly sizePct: Numeric
  readonly leverage: number
  readonly entryPrice: Numeric
  readonly stopLoss: Numeric
  readonly takeProfit: Numeric | null
}

/** What a size comes to. */
export interface RiskFigures {
  readonly modified: ModifiedProposal
  /** Risk of this position, per cent of equity. */
  readonly riskPct: Numeric
  /** Exposure of the whole trading book with it, per cent of equity. */
  readonly exposurePct: Numeric
  /** Collateral that it reserves, USD. */
  readonly margin: Numeric
}
