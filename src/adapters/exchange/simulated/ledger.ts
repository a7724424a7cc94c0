/** Every movement of the account's balances, as Kraken's ledger tells it, and the trades behind them. */
import { type Asset, type TradeId, tradeId } from '../../../domain/ids.ts'
import { type Amount, text, ZERO } from '../../../domain/units.ts'
import type { Account } from './account.ts'
import { History } from './history.ts'
import type { LedgerRow, TradeRow, VenueEvent } from './venue-events.ts'
import type { IdOf } from './venue-ids.ts'

/** One balance to be moved. */
export interface Movement {
  readonly asset: Asset
  /** Signed, before the fee. */
  readonly amount: Amount
  readonly fee: Amount
}

/** Moves balances and keeps the entries; nothing else does either. */
export class Ledger {
  /** How many of each were numbered so far. */
  trades = 0
  entries = 0
  readonly #account: Account
  readonly #idOf: IdOf
  readonly #emit: (event: VenueEvent) => void
  readonly #tradeRows: History<TradeRow>
  readonly #rows: History<LedgerRow>

  constructor(
    account: Account,
    kept: { readonly trades: number; readonly entries: number },
    idOf: IdOf,
    emit: (event: VenueEvent) => void,
  ) {
    this.#account = account
    this.#idOf = idOf
    this.#emit = emit
    this.#tradeRows = new History(kept.trades)
    this.#rows = new History(kept.entries)
  }

  nextTradeId(): TradeId {
    this.trades += 1
    return tradeId(this.#idOf('T', this.trades))
  }

  /** Changes the balances. What was written is told with `tell`, so that a fill can be told before its entries. */
  book(kind: LedgerRow['kind'], refId: string | null, movements: readonly Movement[], at: number): LedgerRow[] {
    return movements.map((movement) => {
      this.#account.change(movement.asset, movement.amount.minus(movement.fee))
      this.entries += 1
      const ledgerId = this.#idOf('L', this.entries)
      const entry: LedgerRow = {
        ledgerId,
        refId: refId ?? ledgerId,
        at,
        kind,
        asset: movement.asset,
        amount: text(movement.amount),
        fee: text(movement.fee),
        balance: text(this.#account.total(movement.asset)),
      }
      this.#rows.keep(ledgerId, entry)
      return entry
    })
  }

  tell(entries: readonly LedgerRow[]): void {
    for (const entry of entries) this.#emit({ kind: 'booked', entry, at: entry.at })
  }

  /** A deposit (positive) or withdrawal (negative). @throws AccountInvariantError when less than is held would be left. */
  transfer(asset: Asset, amount: Amount, at: number): void {
    const kind = amount.lt(0) ? 'withdrawal' : 'deposit'
    this.tell(this.book(kind, null, [{ asset, amount, fee: ZERO }], at))
  }

  /** Takes the place of a fresh ledger's rows; the balances are restored elsewhere. */
  restore(
    numbered: { readonly trades: number; readonly ledger: number },
    trades: readonly TradeRow[],
    entries: readonly LedgerRow[],
  ): void {
    this.trades = numbered.trades
    this.entries = numbered.ledger
    for (const trade of trades) this.keepTrade(trade)
    for (const entry of entries) this.#rows.keep(entry.ledgerId, entry)
  }

  keepTrade(trade: TradeRow): void {
    this.#tradeRows.keep(trade.tradeId, trade)
  }

  /** Oldest first. */
  rows(): LedgerRow[] {
    return this.#rows.rows()
  }

  /** Oldest first. */
  tradeRows(): TradeRow[] {
    return this.#tradeRows.rows()
  }
}
