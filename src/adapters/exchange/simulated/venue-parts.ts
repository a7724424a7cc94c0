/** Puts the parts of one venue together. */
import { amount } from '../../../domain/units.ts'
import { Account } from './account.ts'
import { Blotter } from './blotter.ts'
import type { EngineOptions } from './engine-options.ts'
import { Execution } from './execution.ts'
import { FeeSchedule, KRAKEN_LADDER } from './fee-schedule.ts'
import { Ledger } from './ledger.ts'
import { MarginDesk } from './margin-desk.ts'
import type { Session } from './market-mode.ts'
import { Matching } from './matching.ts'
import { OrderEntry } from './order-entry.ts'
import { Positions } from './positions.ts'
import { CANCELLED } from './refusals.ts'
import { SymbolMarket } from './symbol-market.ts'
import type { VenueEvent } from './venue-events.ts'
import type { IdOf } from './venue-ids.ts'
import type { WorkingOrder } from './venue-order.ts'

const HISTORY_KEPT = 1_000
/** Two movements a trade. */
const ENTRIES_PER_TRADE = 2

export interface VenueParts {
  readonly markets: ReadonlyMap<string, SymbolMarket>
  readonly account: Account
  readonly blotter: Blotter
  readonly ledger: Ledger
  readonly fees: FeeSchedule
  readonly margin: MarginDesk
  readonly execution: Execution
  readonly matching: Matching
  readonly entry: OrderEntry
  readonly session: Session
}

export function venueParts(options: EngineOptions, idOf: IdOf, emit: (event: VenueEvent) => void): VenueParts {
  const { instruments, parameters, historyKept = HISTORY_KEPT, maxOpenOrders = null } = options
  const markets = new Map(instruments.map((each) => [each.symbol, new SymbolMarket(each, parameters)]))
  const account = new Account(options.startingBalances)
  const blotter = new Blotter(historyKept)
  const ledger = new Ledger(account, { trades: historyKept, entries: ENTRIES_PER_TRADE * historyKept }, idOf, emit)
  const fixed = { volume: '0', maker: parameters.makerFee, taker: parameters.takerFee }
  const fees = new FeeSchedule(parameters.feeSchedule === 'tiered' ? KRAKEN_LADDER : [fixed], markets)
  const session: Session = { mode: 'online' }
  const terms = options.margin ?? null
  const cancel = (order: WorkingOrder, at: number): void => execution.cancel(order, CANCELLED.margin, at)
  const margin = new MarginDesk({ account, blotter, ledger, positions: new Positions(), markets, terms, cancel })
  const execution = new Execution({ account, blotter, ledger, fees, margin, markets, emit })
  const matching = new Matching(execution, session, amount(parameters.participation))
  const entry = new OrderEntry({ blotter, execution, fees, margin, matching, session, markets, idOf, maxOpenOrders })
  return { markets, account, blotter, ledger, fees, margin, execution, matching, entry, session }
}
