/** The risk engine's part of the books: openings and peaks, streak, cooldowns, latched breakers, and what was told of them. */
import type { RiskRecord } from '../src/domain/breakers.ts'
import type { Fact } from '../src/domain/facts.ts'
import type { Pair, PositionId } from '../src/domain/ids.ts'
import { realisedNet } from '../src/domain/position.ts'
import type { RiskLimits } from '../src/domain/risk-limits.ts'
import {
  afterAcknowledged,
  afterLifted,
  afterPeriodBegan,
  afterTripped,
  fromLooks,
  NOTHING_REMEMBERED,
} from '../src/domain/risk-record.ts'
import { afterCooldown, afterRebalance, afterTrade, type StreakState } from '../src/domain/risk-state.ts'
import { ZERO_TEXT } from '../src/domain/units.ts'
import type { AccountBooks } from './account-books.ts'

export interface RiskBooks {
  risk(): RiskRecord
  /** As it was told last, and when; null before. */
  riskTold(): { readonly risk: RiskRecord; readonly at: number } | null
  streaks(): StreakState
  /** When a breaker last had part of the position sold; null where none did. Milliseconds UTC. */
  halvedAt(positionId: PositionId): number | null
}

/** `account`: the account's part of the same books, which hears every fact first. */
export function createRiskBooks(
  limits: Pick<RiskLimits, 'cooldownMinutes'>,
  account: Pick<AccountBooks, 'ledger' | 'financingOf'>,
): RiskBooks & { apply(fact: Fact): void } {
  let risk = NOTHING_REMEMBERED
  let told: { readonly risk: RiskRecord; readonly at: number } | null = null
  const halved = new Map<PositionId, { readonly at: number; readonly isDone: boolean }>()
  /** Of the plan at work: they rest when it is over. */
  const tradedByPlan = new Set<Pair>()

  const streaks = (): StreakState => ({ lossStreak: risk.lossStreak, cooldownUntil: risk.cooldownUntil })
  const withStreaks = (next: StreakState): RiskRecord => ({
    ...risk,
    ...next,
    toldLossStreak: Math.min(risk.toldLossStreak, next.lossStreak),
  })

  return {
    apply: (fact) => {
      switch (fact.type) {
        case 'account.periodBegan':
          risk = afterPeriodBegan(risk, fact, account.ledger()?.flows ?? ZERO_TEXT)
          return
        case 'risk.stateChanged':
          // Streak, rests and breakers follow from their own facts, which may have been on their way to the disk when this was told.
          risk = { ...risk, ...fromLooks(fact.risk) }
          told = { risk: fact.risk, at: fact.at }
          return
        case 'risk.breakerTripped':
          risk = afterTripped(risk, fact)
          return
        case 'risk.breakerAcknowledged':
          risk = afterAcknowledged(risk, fact)
          return
        case 'risk.breakerLifted':
          risk = afterLifted(risk, fact)
          return
        case 'risk.cooldownBegan':
          risk = withStreaks(afterCooldown(streaks(), fact))
          return
        case 'rebalance.planned':
          tradedByPlan.clear()
          return
        case 'rebalance.tradeExecuted':
          tradedByPlan.add(fact.symbol)
          return
        case 'rebalance.completed':
        case 'rebalance.cancelled':
          risk = withStreaks(afterRebalance(streaks(), { symbols: tradedByPlan, at: fact.at }, limits))
          tradedByPlan.clear()
          return
        case 'position.reducing':
          if (fact.reason === 'breaker') halved.set(fact.position.positionId, { at: fact.at, isDone: false })
          return
        case 'position.reduced':
          if (fact.reason === 'breaker') halved.set(fact.position.positionId, { at: fact.at, isDone: true })
          return
        case 'position.denied':
          // Begun and given up, as where the venue would not have the sale: it is to be asked for again.
          if (halved.get(fact.positionId)?.isDone === false) halved.delete(fact.positionId)
          return
        case 'position.closed': {
          const { position } = fact
          halved.delete(position.positionId)
          if (position.entryPrice === '0') return
          const net = realisedNet({ ...position, financing: account.financingOf(position.positionId) })
          risk = withStreaks(afterTrade(streaks(), { symbol: position.symbol, net, at: fact.at }, limits))
          return
        }
        default:
          return
      }
    },
    risk: () => risk,
    riskTold: () => told,
    streaks,
    halvedAt: (positionId) => halved.get(positionId)?.at ?? null,
  }
}
