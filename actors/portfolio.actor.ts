/** The portfolio: answers risk questions, and looks after the allocation with at most one rebalance plan at a time. */
import { rebalanceNeed } from '../src/domain/allocation.ts'
import { assertNever } from '../src/domain/assert.ts'
import { scheduleTrades } from '../src/domain/dca.ts'
import { asset, planId } from '../src/domain/ids.ts'
import { freeOf } from '../src/domain/reckoning.ts'
import { text } from '../src/domain/units.ts'
import type { Account } from './account.ts'
import { planAddress } from './addresses.ts'
import type { House } from './house.ts'
import type { PortfolioMessage } from './messages.ts'
import type { PlanDesk } from './rebalance-plan.actor.ts'
import type { RiskDesk } from './risk-desk.ts'
import { serving } from './supervision/serving.ts'

/** One portfolio check: whether the core book strayed, and the plan that would bring it back. */
function check(house: House, account: Account, plans: PlanDesk, forced: boolean): void {
  const { books, clock, ids, settings } = house
  const core = account.allocation()
  const tell = (action: 'no_action' | 'rebalance' | 'defer', reason: string, maxDeviationPct: string): void =>
    house.state('portfolio', { type: 'rebalance.checked', action, reason, maxDeviationPct })
  if (core.kind === 'stale') return tell('defer', `no fresh price of ${core.staleMarks.join(', ')}`, '0')
  const valued = account.view()
  if (valued !== null) house.state('portfolio', { type: 'portfolio.valued', allocation: valued })
  const spendableUsdt = text(freeOf(account.balances(), asset('USDT')))
  const means = { priceOf: account.priceOf(), instruments: settings.instruments, spendableUsdt }
  const need = rebalanceNeed(core, means, settings.portfolio.rebalance)
  const { activeId, lastPlannedAt } = books.plan()
  if (need.action === 'no_action') {
    if (activeId !== null)
      house.addresses.tell(planAddress(activeId), {
        type: 'cancel-plan',
        reason: `no longer needed: ${need.reason}`,
        seenAt: clock.now(),
      })
    return tell('no_action', need.reason, core.maxDeviationPct)
  }
  if (activeId !== null) return tell('defer', 'a plan is at work', core.maxDeviationPct)
  const isTooSoon = lastPlannedAt !== null && clock.now() < lastPlannedAt + settings.portfolio.minBetweenPlansMs
  if (isTooSoon && !forced) return tell('defer', 'the last plan is less than a day old', core.maxDeviationPct)
  const { trades } = scheduleTrades(need.legs, settings.instruments, clock.now(), settings.portfolio.dca)
  tell('rebalance', need.reason, core.maxDeviationPct)
  plans.start({
    planId: planId(ids.next()),
    trades,
    executionStrategy: trades.some(({ batch }) => batch > 1) ? 'dca_24h' : 'limit_orders',
    usedFallbackStrategy: true,
    reasoning: need.reason,
  })
}

export interface PortfolioParts {
  readonly account: Account
  readonly risk: RiskDesk
  readonly plans: PlanDesk
}

export function portfolioLogic(house: House, { account, risk, plans }: PortfolioParts) {
  const { addresses, clock } = house
  return serving<PortfolioMessage>((message) => {
    switch (message.type) {
      case 'assess-proposal': {
        const { positionId, verdict } = risk.judge(message.proposal, message.confidence, message.viewConfidences)
        const { proposal, correlationId } = message
        const answer = { proposal, positionId, verdict, correlationId, seenAt: clock.now() }
        const isHeard = addresses.tell('coordinator', { type: 'risk.answered', ...answer })
        if (!isHeard) risk.release(positionId)
        return
      }
      case 'release-reservation':
        return risk.release(message.positionId)
      case 'check-portfolio':
        return check(house, account, plans, message.forced)
      case 'trading.allowed':
        return plans.allow()
      default:
        return assertNever(message)
    }
  })
}
