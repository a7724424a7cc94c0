/** What trading on margin costs, and how its state is told. */
import type { Asset } from '../../../domain/ids.ts'
import type { Amount, Numeric } from '../../../domain/units.ts'
import type { PositionRow } from './positions.ts'

/** Shares of the position's cost, and Kraken's other terms. */
export interface MarginParameters {
  readonly openingFee: Numeric
  /** Due again and again while it is open. */
  readonly rolloverFee: Numeric
  readonly rolloverEveryMs: number
  /** Equity as a share of the margins tied up, under which positions are closed by force. */
  readonly liquidationLevel: Numeric
}

export const MARGIN_DEFAULTS: MarginParameters = {
  openingFee: '0.0002',
  rolloverFee: '0.0002',
  rolloverEveryMs: 4 * 3_600_000,
  liquidationLevel: '0.4',
}

/** The state of one collateral. */
export interface Collateral {
  /** What is owned of it and what the positions would bring. */
  readonly equity: Amount
  /** Σ margins. */
  readonly used: Amount
  /** What new positions may tie up: losses that are not yet realised are spoken for, profits are not yet there. */
  readonly free: Amount
}

/** The same as text; `level` is equity as a share of what is used. */
export interface CollateralRow {
  readonly asset: Asset
  readonly equity: Numeric
  readonly used: Numeric
  readonly free: Numeric
  readonly level: Numeric | null
}

export interface PricedPosition extends PositionRow {
  /** Quote units. */
  readonly net: Numeric
}
