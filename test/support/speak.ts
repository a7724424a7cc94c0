/** The agents' voices: views that agree, and a decision to act on them, published as the agents would. */
import type { House } from '../../actors/house.ts'
import type { Pair } from '../../src/domain/ids.ts'
import type { Proposal } from '../../src/domain/views.ts'
import { regime, technical } from '../domain/view-builders.ts'

/** A long at 50,000 with its stop 2 % and its target 5 % away, unless told otherwise; returns the proposal's id. */
export function speak({ clock, ids, state }: House, over: Partial<Proposal> & { readonly symbol: Pair }): string {
  const { symbol } = over
  const stamp = { symbol, timestamp: clock.now() }
  const view = technical(stamp)
  state('technical_analysis', { type: 'ta.analysed', symbol, view })
  state('regime_detection', { type: 'regime.detected', symbol, view: regime(stamp), changedFrom: null })
  const proposalId = ids.next()
  const { bias: _bias, trend: _trend, momentum: _momentum, levels: _levels, signals: _signals, ...output } = view
  const terms = { entryPrice: '50000', stopLoss: '49000', takeProfit: '52500', sizePct: 10, leverage: 1 }
  const proposal: Proposal = { ...output, agent: 'trading_decision', action: 'BUY', proposalId, ...terms, ...over }
  state('trading_decision', { type: 'decision.proposed', symbol, proposal })
  return proposalId
}
