/** The portfolio: answers risk questions, and looks after the allocation with at most one rebalance plan at a time. */
import type { CoreAllocation } from '../src/domain/allocation.ts'
import { assertNever } from '../src/domain/assert.ts'
import { type Asset, asset, type PlanId, planId } from '../src/domain/ids.ts'
import type { RebalanceOutput } from '../src/domain/portfolio.ts'
import { checkPortfolio } from '../src/domain/rebalance-check.ts'
import { text } from '../src/domain/units.ts'
import type { Account } from './account.ts'
import { planAddress } from './addresses.ts'
import type { CoreBook } from './core-book.ts'
import type { HodlDesk } from './hodl.actor.ts'
import type { House } from './house.ts'
import type { PortfolioMessage } from './messages.ts'
import type { PlanDesk } from './rebalance-plan.actor.ts'
import type { RiskDesk } from './risk-desk.ts'
import { serving } from './supervision/serving.ts'

/** What came of a check that somebody asked for; by the id of the question. */
interface CheckAnswer {
  readonly question: string
  readonly output: RebalanceOutput
}

export interface PortfolioDesk {
  /** Whether the core book strayed, and the plan that brings it back. `question` names who waits for the answer. */
  check(asked: { readonly forced: boolean; readonly by?: string; readonly question?: string }): void
  /**
   * Says once per change which hodl bags are larger than what is there, and makes a scheduled check good that could say
   * nothing: the schedule's next one may be an hour away.
   */
  look(): void
  /** What plan and bags had to hold may go now, as far as permission says. */
  allow(): void
  /**
   * Has its actor check now, however long ago the last plan was; says what came of it, or null where nobody is there to
   * look.
   */
  rebalance(by: string): RebalanceOutput | null
}

const CASH = asset('USDT')
/** How long a plan that was begun may take to be written down. */
const BEGINNING_MS = 60_000

export function createPortfolioDesk(
  house: House,
  account: Pick<Account, 'allocation' | 'view' | 'priceOf'>,
  core: Pick<CoreBook, 'free'>,
  plans: Pick<PlanDesk, 'start' | 'allow'>,
  hodl: Pick<HodlDesk, 'allow'>,
): PortfolioDesk {
  const { addresses, books, clock, ids, settings } = house
  let answer: CheckAnswer | null = null
  let exceeded: readonly Asset[] = []
  let isCheckOwed = false
  /** The plan that was begun last: at work until the books know of it, which is once it is written down. */
  let begun: { readonly planId: PlanId; readonly at: number } | null = null

  function watchBags(allocation: CoreAllocation): void {
    if (allocation.hodlExceedsBalance.join() === exceeded.join()) return
    exceeded = allocation.hodlExceedsBalance
    house.state('portfolio', { type: 'hodl.balanceExceeded', assets: exceeded })
  }

  const check: PortfolioDesk['check'] = ({ forced, by, question }) => {
    const allocation = account.allocation()
    const valued = allocation.kind === 'unknown' ? null : account.view()
    if (valued !== null) house.state('portfolio', { type: 'portfolio.valued', allocation: valued })
    if (allocation.kind === 'known') watchBags(allocation)
    isCheckOwed = allocation.kind === 'unknown' && (isCheckOwed || !forced)
    const { activeId, active, lastId, lastPlannedAt } = books.plan()
    const now = clock.now()
    const isBeginning = begun !== null && begun.planId !== lastId && now < begun.at + BEGINNING_MS
    const { output, action, maxDeviationPct, cancel } = checkPortfolio({
      ...{ allocation, settings: settings.portfolio, lastPlannedAt, now, forced, isBeginning },
      active: activeId === null ? undefined : active,
      means: {
        priceOf: account.priceOf(),
        instruments: settings.instruments,
        spendableUsdt: text(core.free(CASH)),
      },
    })
    const { executionStrategy, usedFallbackStrategy, reasoning: reason, trades } = output
    if (question !== undefined) answer = { question, output }
    if (cancel !== null && activeId !== null)
      addresses.tell(planAddress(activeId), { type: 'cancel-plan', reason: cancel, seenAt: now })
    house.state('portfolio', {
      ...{ type: 'rebalance.checked', action, reason, maxDeviationPct, executionStrategy, usedFallbackStrategy },
      ...(by === undefined ? {} : { by }),
    })
    if (action !== 'rebalance') return
    begun = { planId: planId(ids.next()), at: now }
    plans.start({ planId: begun.planId, trades, executionStrategy, usedFallbackStrategy, reasoning: reason })
  }

  return {
    check,
    look: () => {
      const allocation = account.allocation()
      if (allocation.kind === 'unknown') return
      if (isCheckOwed) check({ forced: false })
      else watchBags(allocation)
    },
    allow: () => {
      plans.allow()
      hodl.allow()
    },
    rebalance: (by) => {
      const question = ids.next()
      addresses.tell('portfolio', { type: 'check-portfolio', forced: true, by, question, seenAt: clock.now() })
      return answer?.question === question ? answer.output : null
    },
  }
}

export interface PortfolioParts {
  readonly risk: RiskDesk
  readonly portfolio: Omit<PortfolioDesk, 'rebalance'>
}

export function portfolioLogic(house: House, { risk, portfolio }: PortfolioParts) {
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
      case 'look-at-portfolio':
        return portfolio.look()
      case 'check-portfolio':
        return portfolio.check(message)
      case 'trading.allowed':
        portfolio.allow()
        return portfolio.look()
      default:
        return assertNever(message)
    }
  })
}
