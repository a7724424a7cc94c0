/** A regime is not given up for one look: the held regime of one symbol. Plain data, so that it can be persisted. */
import { DEFAULT_REGIME_CHANGE, type RegimeChangeRules } from '../domain/agent-rules.ts'
import type { Regime } from '../domain/views.ts'

type Counts = Readonly<Partial<Record<Regime, number>>>

export interface HeldRegime {
  /** Null before the first valid detection. */
  readonly regime: Regime | null
  /** Of the last detection that found this regime. */
  readonly confidence: number
  /** When it was adopted, milliseconds UTC. */
  readonly startedAt: number
  /** Detections it has held for, the first one counted. */
  readonly periods: number
  /** Another regime that was found, and how often in a row. */
  readonly challenger: Regime | null
  readonly challenges: number
  /** How often a detection left one regime held after another: from → to. */
  readonly transitions: Readonly<Partial<Record<Regime, Counts>>>
}

export const NO_REGIME: HeldRegime = {
  regime: null,
  confidence: 0,
  startedAt: 0,
  periods: 0,
  challenger: null,
  challenges: 0,
  transitions: {},
}

/**
 * The state after one more detection at `at` (milliseconds UTC). The first one with any confidence is adopted at once;
 * after that a change needs as many detections in a row of the same other regime, as sure, as the rules say. A detection of
 * nothing (confidence 0) breaks a row and changes nothing else.
 */
export function observeRegime(
  held: HeldRegime,
  detection: { readonly regime: Regime; readonly confidence: number },
  at: number,
  rules: RegimeChangeRules = DEFAULT_REGIME_CHANGE,
): HeldRegime {
  const { regime, confidence } = detection
  if (confidence <= 0) return { ...held, challenger: null, challenges: 0 }
  if (held.regime === null) return adopted(held, regime, confidence, at)
  if (regime === held.regime) return kept(held, held.regime, { confidence, challenger: null, challenges: 0 })
  if (confidence < rules.confidence) return kept(held, held.regime, { challenger: null, challenges: 0 })
  const challenges = regime === held.challenger ? held.challenges + 1 : 1
  if (challenges >= rules.detections) return adopted(held, regime, confidence, at)
  return kept(held, held.regime, { challenger: regime, challenges })
}

/** How the held regime went on so far, as shares of 1 per next regime; empty before the second detection. */
export function transitionProbabilities({
  regime,
  transitions,
}: HeldRegime): Readonly<Partial<Record<Regime, number>>> {
  const counts = regime === null ? undefined : transitions[regime]
  if (counts === undefined) return {}
  let total = 0
  for (const count of Object.values(counts)) total += count
  const shares: Partial<Record<Regime, number>> = {}
  for (const [next, count] of Object.entries(counts)) shares[next as Regime] = count / total
  return shares
}

const adopted = (held: HeldRegime, regime: Regime, confidence: number, at: number): HeldRegime => ({
  regime,
  confidence,
  startedAt: at,
  periods: 1,
  challenger: null,
  challenges: 0,
  transitions: held.regime === null ? held.transitions : counted(held.transitions, held.regime, regime),
})

const kept = (
  held: HeldRegime,
  regime: Regime,
  changes: Partial<Pick<HeldRegime, 'confidence' | 'challenger' | 'challenges'>>,
): HeldRegime => ({
  ...held,
  ...changes,
  periods: held.periods + 1,
  transitions: counted(held.transitions, regime, regime),
})

function counted(transitions: HeldRegime['transitions'], from: Regime, to: Regime): HeldRegime['transitions'] {
  const row = transitions[from] ?? {}
  return { ...transitions, [from]: { ...row, [to]: (row[to] ?? 0) + 1 } }
}
