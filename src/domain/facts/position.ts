/** Facts of positions. */
import type { Pair, PositionId } from '../ids.ts'
import type { CloseReason, PositionView } from '../position.ts'
import type { Topic } from '../topics.ts'
import type { Numeric } from '../units.ts'

interface PositionFact {
  readonly position: PositionView
}

export interface PositionFacts {
  'position.unprotected': { readonly positionId: PositionId; readonly symbol: Pair; readonly sinceAt: number }
  'position.opening': PositionFact
  'position.filled': PositionFact
  'position.protected': PositionFact & { readonly gapMs: number }
  'position.amended': PositionFact
  /** `reference`: the price that whoever asked for it had in mind; recorded, and no part of any sum. */
  'position.closing': PositionFact & {
    readonly reason: CloseReason
    readonly reference?: Numeric | null
    readonly note?: string | null
  }
  /** Part of it is to be sold, or has been: its stop is amended first. */
  'position.reducing': PositionFact & { readonly reason: CloseReason; readonly quantity: Numeric }
  'position.reduced': PositionFact & { readonly reason: CloseReason }
  /** The venue closed it by force. */
  'position.liquidated': PositionFact
  'position.emergency': PositionFact & { readonly problem: string }
  'position.closed': PositionFact
  /** Closed by its stop, or by its target: told beside `position.closed`. */
  'position.stopHit': PositionFact
  'position.targetHit': PositionFact
  'position.dustTransferred': PositionFact & { readonly quantity: Numeric }
  'position.denied': { readonly positionId: PositionId; readonly symbol: Pair; readonly reason: string }
}

export const POSITION_TOPICS = {
  'position.unprotected': 'RISK_ALERTS',
  'position.opening': 'EXECUTION_EVENTS',
  'position.filled': 'EXECUTION_EVENTS',
  'position.protected': 'EXECUTION_EVENTS',
  'position.amended': 'EXECUTION_EVENTS',
  'position.closing': 'EXECUTION_EVENTS',
  'position.reducing': 'EXECUTION_EVENTS',
  'position.reduced': 'EXECUTION_EVENTS',
  'position.liquidated': 'RISK_ALERTS',
  'position.emergency': 'EXECUTION_EVENTS',
  'position.closed': 'EXECUTION_EVENTS',
  'position.stopHit': 'EXECUTION_EVENTS',
  'position.targetHit': 'EXECUTION_EVENTS',
  'position.dustTransferred': 'EXECUTION_EVENTS',
  'position.denied': 'EXECUTION_EVENTS',
} as const satisfies Readonly<Record<keyof PositionFacts, Topic>>
