/** Hodl bags: a share of trading profit that is set aside for good, as a ledger over the one wallet. */
import type { Asset } from './ids.ts'
import type { Numeric } from './units.ts'

/** One asset's bag. */
export interface HodlBag {
  readonly asset: Asset
  /** Base units that profits have paid for; configured amounts come on top. */
  readonly quantity: Numeric
  /** Set aside and not spent yet, USD. */
  readonly pendingUsd: Numeric
  /** What `quantity` has cost with fees, USD. */
  readonly spentUsd: Numeric
}

/** The whole ledger at one moment. */
export interface HodlBook {
  /** Highest cumulative net realised trading profit so far: only above it more is set aside. USD. */
  readonly highUsd: Numeric
  readonly bags: readonly HodlBag[]
}
