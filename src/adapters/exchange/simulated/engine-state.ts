/** The saved form of the venue. */
import type { Numeric } from '../../../domain/units.ts'
import type { DayVolume } from './fee-schedule.ts'
import type { MarketMode } from './market-mode.ts'
import type { Amendment } from './order-entry.ts'
import type { PositionRow } from './positions.ts'
import type { MarketRow } from './symbol-market.ts'
import type { LedgerRow, TradeRow } from './venue-events.ts'
import type { NewOrder, OrderRow } from './venue-order.ts'

export const STATE_VERSION = 2

/** A request on its way to the book. */
export type Command = { readonly ticket: number; readonly at: number } & (
  | { readonly kind: 'submit'; readonly order: NewOrder }
  | { readonly kind: 'cancel'; readonly id: string }
  | { readonly kind: 'amend'; readonly change: Amendment }
)

/** Plain JSON. A type rather than an interface, so that it is a `Record<string, unknown>` to the store. */
export type EngineState = {
  readonly version: number
  readonly series: string
  readonly now: number
  /** How many of each were numbered so far. */
  readonly numbered: {
    readonly orders: number
    readonly trades: number
    readonly ledger: number
    readonly tickets: number
  }
  readonly mode: MarketMode
  /** When the dead-man switch goes off; null while it is disarmed. */
  readonly cancelAllAt: number | null
  readonly queue: readonly Command[]
  readonly totals: Readonly<Record<string, Numeric>>
  readonly open: readonly OrderRow[]
  readonly closed: readonly OrderRow[]
  readonly trades: readonly TradeRow[]
  readonly ledger: readonly LedgerRow[]
  readonly positions: readonly PositionRow[]
  /** What is held for the positions, by asset. */
  readonly reserved: Readonly<Record<string, Numeric>>
  readonly volumes: readonly DayVolume[]
  readonly markets: Readonly<Record<string, MarketRow>>
}
