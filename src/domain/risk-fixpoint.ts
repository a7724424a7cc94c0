/**
 * The list of checks, in the order of the owner's text: halt and breakers → cooldown → stop → confidence → size → volatility
 * → leverage → exposure → correlation → margin → breakers again. Whatever takes something off sends the modified proposal
 * back to the beginning, until nothing changes.
 */
import { correlation, exposureFindings, exposureWith, marginFindings, slotFindings } from './risk-book.ts'
import {
  breakerFindings,
  type Finding,
  permissionFindings,
  proposalFindings,
  type Terms,
  termsOf,
} from './risk-checks.ts'
import type { RiskLimits } from './risk-limits.ts'
import {
  type Draft,
  draftOf,
  inLots,
  leverageStep,
  minimumFindings,
  type Sized,
  sizeStep,
  volatilityStep,
} from './risk-size.ts'
import type { ProposalForRisk, RiskState } from './risk-state.ts'
import type { RiskWarning } from './risk-verdict.ts'
import type { Amount } from './units.ts'

/** Size, volatility and leverage each change a proposal once, and the pass after them finds nothing more to change. */
const MOST_PASSES = 6

/** A proposal that has settled: what it came to, and what is against it (nothing: it may pass). */
export interface Settled {
  readonly draft: Draft
  readonly terms: Terms
  readonly sized: Sized
  /** Of the trading book with it, USD. */
  readonly exposure: Amount
  readonly findings: readonly Finding[]
  readonly warnings: readonly RiskWarning[]
  readonly passes: number
}

/** Refused before any size was worked out. */
export interface Refused {
  readonly findings: readonly Finding[]
  readonly terms: null
}

/** Confidences of the views further apart than allowed. */
function disagree({ viewConfidences = [] }: ProposalForRisk, limits: RiskLimits): boolean {
  const apart = Math.max(...viewConfidences) - Math.min(...viewConfidences)
  // Of none or one there is no distance: −∞ or 0.
  return !(apart <= limits.disagreement + 1e-9)
}

/** What takes off, in order: the first step that changes the draft ends the pass. */
function reduced(draft: Draft, request: ProposalForRisk, terms: Terms, state: RiskState, limits: RiskLimits): Draft {
  const sized = sizeStep(draft, request, terms, state, limits)
  if (sized !== draft) return sized
  const calmed = volatilityStep(draft, request, state, limits)
  return calmed === draft ? leverageStep(draft, request, state, limits) : calmed
}

/** What is asked of a size that nothing takes off from any more. */
function judged(
  draft: Draft,
  request: ProposalForRisk,
  terms: Terms,
  state: RiskState,
  limits: RiskLimits,
): Omit<Settled, 'passes'> {
  const sized = inLots(draft, request, terms)
  const exposure = exposureWith(sized, state)
  const correlated = correlation(request, sized, terms, state, limits)
  const tooSmall = minimumFindings(request, sized, terms)
  const findings: Finding[] = [
    ...slotFindings(request, terms, state, limits),
    ...exposureFindings(exposure, terms, limits),
    ...correlated.findings,
    ...marginFindings(request, sized, terms, state, limits),
    ...tooSmall,
    // Asked again at the end, as the text has it: what stands now forbids, whatever was found on the way.
    ...breakerFindings(state, limits),
  ]
  if (tooSmall.length > 0 && draft.isBoundByOpenRisk)
    findings.unshift({
      code: 'OPEN_RISK',
      detail: `${sized.risk.toDecimalPlaces(2)} USD is all that may still be lost`,
    })
  const warnings = [...draft.warnings]
  if (correlated.isNear) warnings.push('HIGH_CORRELATION')
  if (disagree(request, limits)) warnings.push('AGENT_DISAGREEMENT')
  return { draft, terms, sized, exposure, findings, warnings }
}

/**
 * Goes through the list until nothing changes any more; `from` is a draft that went through it before.
 * @throws Error when it does not settle, NotANumberError for figures that are none.
 */
export function settle(
  request: ProposalForRisk,
  state: RiskState,
  limits: RiskLimits,
  from: Draft | null = null,
): Settled | Refused {
  let draft = from
  for (let passes = 1; passes <= MOST_PASSES; passes++) {
    const forbidden = permissionFindings(request, state, limits)
    if (forbidden.length > 0) return { findings: forbidden, terms: null }
    const terms = termsOf(request, state, limits)
    const flaws = proposalFindings(request, terms, state, limits)
    if (terms === null || flaws.length > 0) return { findings: flaws, terms: null }
    draft ??= draftOf(request, terms.equity)
    const next = reduced(draft, request, terms, state, limits)
    if (next === draft) return { ...judged(draft, request, terms, state, limits), passes }
    draft = next
  }
  throw new Error(`the proposal did not settle in ${MOST_PASSES} passes`)
}
