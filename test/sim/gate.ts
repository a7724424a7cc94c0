/** Whether risk may be opened, as the coordinator wrote it down: our own reading of its journal. */
import type { OrderId, Pair } from '../../src/domain/ids.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'

/** What a person's halts say. */
export const HALT_BY_HAND = 'enough'

/** Whether an order adds risk. */
export const adds = ({ intent, book }: OrderRequest): boolean =>
  intent === 'open' || intent === 'increase' || book === 'core'

export class Gate {
  isHalted = false
  isReconciling = true
  readonly pausedBy = new Set<string>()
  readonly haltedSymbols = new Set<Pair>()
  readonly unknown = new Map<OrderId, Pair>()

  hear({ heard }: JournalEntry): void {
    const reason = String(heard.body.reason)
    if (heard.type === 'halt-trading') this.isHalted = true
    if (heard.type === 'reset-trading') {
      this.isHalted = false
      this.haltedSymbols.clear()
    }
    if (heard.type === 'halt-symbols') for (const symbol of heard.body.symbols as Pair[]) this.haltedSymbols.add(symbol)
    if (heard.type === 'reset-symbol') this.haltedSymbols.delete(heard.body.symbol as Pair)
    if (heard.type === 'breaker.tripped' && heard.body.breaker === 'daily_loss') this.pausedBy.add('daily_loss')
    if (heard.type === 'breaker.tripped' && heard.body.breaker === 'drawdown') this.isHalted = true
    if (heard.type === 'breaker.lifted') this.pausedBy.delete(String(heard.body.breaker))
    if (heard.type === 'pause-trading') this.pausedBy.add(reason)
    if (heard.type === 'resume-trading' && !this.isHalted) this.pausedBy.delete(reason)
    if (heard.type === 'reconciliation.begun') this.isReconciling = true
    if (heard.type === 'reconciliation.passed') this.isReconciling = false
  }

  get isStopped(): boolean {
    return this.isHalted || this.pausedBy.size > 0
  }

  /** Why an order that adds risk may not leave now; null when it may. */
  problem(symbol: Pair): string | null {
    if (this.isHalted) return 'while HALTED'
    if (this.haltedSymbols.has(symbol)) return `while ${symbol} is halted`
    if (this.pausedBy.size > 0) return `while PAUSED by ${[...this.pausedBy]}`
    if (this.isReconciling) return 'while RECONCILING'
    const unknown = [...this.unknown].find(([, of]) => of === symbol)
    return unknown === undefined ? null : `while order ${unknown[0]} of ${symbol} is UNKNOWN`
  }
}
