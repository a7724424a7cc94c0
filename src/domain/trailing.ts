/** A stop that follows the price. */
import type { Numeric } from './units.ts'

/** How a position's stop follows the price, and how far it has come. */
export interface TrailingStop {
  /** Favourable move from the entry, unlevered, from which on it follows. Per cent. */
  readonly activationPct: Numeric
  /** Behind the best price. Per cent of that price. */
  readonly distancePct: Numeric
  /** The best price since it began to follow; null before. Quote units. */
  readonly bestPrice: Numeric | null
}
