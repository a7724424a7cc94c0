/** What a trading signal means before risk is asked: drop it, close what is held, or ask to open. */
import { type Conflict, type ConflictResolution, detectConflicts, needsResolution, waitBecause } from './conflicts.ts'
import {
  buildConsensus,
  type Consensus,
  type ConsensusConstants,
  presentViews,
  reachesFloors,
  type Views,
} from './consensus.ts'
import type { SignalDropReason } from './facts/decision.ts'
import type { PositionId } from './ids.ts'
import type { PositionSide } from './position.ts'
import type { RiskLimits } from './risk-limits.ts'
import type { Proposal } from './views.ts'

/** All that a judgement needs; journaled with it, so that it can say why. */
export interface SignalInputs {
  readonly now: number
  readonly views: Views
  /** Positions of the symbol that are open. */
  readonly held: readonly { readonly positionId: PositionId; readonly side: PositionSide }[]
  readonly lossStreak: number
  readonly marginEnabled: boolean
}

export interface SignalRules {
  readonly consensus: ConsensusConstants
  readonly invokeLlmThreshold: number
  readonly limits: Pick<RiskLimits, 'floorByLosses'>
}

export type Judgement =
  | {
      readonly kind: 'drop'
      readonly reason: SignalDropReason
      readonly consensus: Consensus | null
      readonly conflicts: readonly Conflict[]
    }
  | { readonly kind: 'close'; readonly positionIds: readonly PositionId[] }
  | {
      readonly kind: 'open'
      readonly action: 'BUY' | 'SELL'
      readonly consensus: Consensus
      readonly conflicts: readonly Conflict[]
      readonly resolution: ConflictResolution | null
    }

const drop = (
  reason: SignalDropReason,
  consensus: Consensus | null = null,
  conflicts: readonly Conflict[] = [],
): Judgement => ({
  kind: 'drop',
  reason,
  consensus,
  conflicts,
})

/** The positions that a signal closes: CLOSE_* the side they name, BUY and SELL the opposite one. */
function closes(action: Proposal['action'], held: SignalInputs['held']): readonly PositionId[] {
  const side: PositionSide = action === 'CLOSE_SHORT' || action === 'BUY' ? 'short' : 'long'
  return held.filter((position) => position.side === side).map((position) => position.positionId)
}

/**
 * Judges a signal by requirements §6: HOLD is dropped; what is held decides what BUY and SELL mean; consensus, floors and
 * conflicts decide whether it goes on to the risk engine. A conflict that nobody can resolve means wait.
 */
export function judgeSignal(proposal: Proposal, inputs: SignalInputs, rules: SignalRules): Judgement {
  const { action } = proposal
  if (action === 'HOLD') return drop('HOLD')
  if (proposal.usedFallback) return drop('USED_FALLBACK')
  const closing = closes(action, inputs.held)
  if (action === 'CLOSE_LONG' || action === 'CLOSE_SHORT') {
    return closing.length === 0 ? drop('NOTHING_TO_CLOSE') : { kind: 'close', positionIds: closing }
  }
  if (closing.length > 0) return { kind: 'close', positionIds: closing }
  if (action === 'SELL' && !inputs.marginEnabled) return drop('SHORT_UNAVAILABLE')
  const signal = { action, confidence: proposal.confidence }
  const present = presentViews(inputs.views, inputs.now, rules.consensus)
  if (present.regime === null) return drop('STALE_INPUTS')
  const consensus = buildConsensus(signal, inputs.views, inputs.now, rules.consensus)
  const conflicts = detectConflicts(signal, present, rules.invokeLlmThreshold)
  const floors = reachesFloors(consensus, present.regime.regime, inputs.lossStreak, rules.limits)
  if (!floors.ok) return drop('CONFIDENCE_TOO_LOW', consensus, conflicts)
  const resolution = needsResolution(conflicts) ? waitBecause('no model is configured to resolve it') : null
  if (resolution?.action === 'wait') return drop('CONFLICT_WAIT', consensus, conflicts)
  return { kind: 'open', action, consensus, conflicts, resolution }
}
