/** Takes the venue's state out of its parts, and puts it back. */
import type { Agenda } from './agenda.ts'
import { type EngineState, STATE_VERSION } from './engine-state.ts'
import { readState } from './saved-state.ts'
import { workingOrder } from './venue-order.ts'
import type { VenueParts } from './venue-parts.ts'

/** Plain JSON that shares nothing that will change. `series` is what the venue's ids begin with. */
export function savedState(parts: VenueParts, agenda: Agenda, series: string): EngineState {
  const { ledger, blotter, account, fees, margin, markets } = parts
  return {
    version: STATE_VERSION,
    series,
    now: agenda.now,
    numbered: {
      orders: parts.entry.orders,
      trades: ledger.trades,
      ledger: ledger.entries,
      tickets: agenda.tickets,
    },
    mode: parts.session.mode,
    cancelAllAt: agenda.cancelAllAt,
    queue: [...agenda.queue],
    totals: account.totals(),
    open: blotter.openRows(),
    closed: blotter.closedRows(),
    trades: ledger.tradeRows(),
    ledger: ledger.rows(),
    positions: margin.positions.rows(),
    reserved: margin.reserved(),
    volumes: fees.save(),
    markets: Object.fromEntries([...markets].map(([symbol, market]) => [symbol, market.save()])),
  }
}

/** Into the parts of a fresh venue; answers the series. @throws StateError when the state cannot be used. */
export function restoreState(parts: VenueParts, agenda: Agenda, saved: Readonly<Record<string, unknown>>): string {
  const { account, blotter, entry, execution, fees, ledger, margin, markets, session } = parts
  const state = readState(saved, new Set(markets.keys()), fees.holdRateAt(Number(saved.now)))
  const { numbered } = state
  entry.orders = numbered.orders
  session.mode = state.mode
  account.restore(state.totals)
  ledger.restore(numbered, state.trades, state.ledger)
  fees.restore(state.volumes)
  for (const row of state.closed) blotter.keepClosed(row)
  for (const [symbol, row] of Object.entries(state.markets)) markets.get(symbol)?.restore(row)
  for (const row of state.open) {
    const market = markets.get(row.symbol)
    if (market === undefined) continue
    const order = workingOrder(row)
    if (row.held === null) execution.open(order, market)
    else execution.resume(order, market)
  }
  margin.restore(state.positions, state.reserved)
  agenda.restore({ ...state, tickets: numbered.tickets })
  return state.series
}
