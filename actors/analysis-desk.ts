/**
 * What the rules' agents do in one run: gather → view → validate → publish. Each stage is a plain function; a routine run
 * calls them in a row, a watched one stage by stage. What has to outlive an agent's crash is kept here.
 */
import type { AgentRequest, AgentStage } from '../machines/agent.machine.ts'
import { type HeldRegime, NO_REGIME, observeRegime } from '../src/analysis/regime-hysteresis.ts'
import { SNAPSHOT_TIMEFRAMES, type Snapshot, type SnapshotResult } from '../src/analysis/snapshot.ts'
import { snapshotKey } from '../src/analysis/snapshot-key.ts'
import { decisionView } from '../src/analysis/views/decision.ts'
import { detectRegime, regimeView } from '../src/analysis/views/regime.ts'
import type { ViewStamp } from '../src/analysis/views/stamp.ts'
import { technicalView } from '../src/analysis/views/technical.ts'
import { viewProblem } from '../src/analysis/views/validate.ts'
import type { Pair } from '../src/domain/ids.ts'
import type { Proposal, RegimeView, TechnicalView } from '../src/domain/views.ts'
import { type House, instrumentOf } from './house.ts'
import { problemText } from './supervision/supervision-event.ts'

/** The agents that have rules of their own. */
export const RULES_AGENTS = ['technical_analysis', 'regime_detection', 'trading_decision'] as const
export type RulesAgent = (typeof RULES_AGENTS)[number]

export interface AgentParts {
  readonly markets: { snapshot(symbol: Pair): SnapshotResult }
}

/** A run between two stages. */
export interface Gathered {
  readonly request: AgentRequest
  readonly beganAt: number
  readonly mode: ViewStamp['mode']
  /** Null for a fallback: what failed is the reading of the market. */
  readonly snapshot: Snapshot | null
}
/** A view that is not published yet, with what its publishing settles. */
export type Opinion =
  | { readonly view: TechnicalView }
  | { readonly view: RegimeView; readonly held: HeldRegime }
  | { readonly view: Proposal }
export interface Made {
  readonly request: AgentRequest
  readonly opinion: Opinion
}

export interface StageFailure {
  readonly stage: AgentStage
  readonly problem: string
}

export interface AnalysisDesk {
  /** A routine run, whole; null when the view was published, else where and why it failed. Never throws. */
  analyse(request: AgentRequest): StageFailure | null
  /** @throws where no snapshot can be taken. */
  gather(request: AgentRequest): Gathered
  /** @throws what a rule throws. */
  view(gathered: Gathered): Made
  /** @throws when the view is out of bounds. */
  validate(made: Made): void
  publish(made: Made): void
  /** A view of mode `fallback`, made without the market and validated. @throws as `view` and `validate` do. */
  fallBack(request: AgentRequest): Made
}

export function createAnalysisDesk(house: House, agent: RulesAgent, { markets }: AgentParts): AnalysisDesk {
  const { clock } = house
  const regimes = new Map<Pair, HeldRegime>()
  const heldRegime = (symbol: Pair): HeldRegime => regimes.get(symbol) ?? NO_REGIME

  const gather = (request: AgentRequest): Gathered => {
    const beganAt = clock.now()
    const taken = markets.snapshot(request.symbol)
    if (taken.kind === 'taken') return { request, beganAt, mode: 'rules', snapshot: taken.snapshot }
    const flags = taken.flags.map(({ source, problem }) => `${source} ${problem}`).join(', ')
    throw new Error(`${taken.failedSources} of ${taken.sources} sources failed: ${flags}`)
  }
  const view = (gathered: Gathered): Made => ({
    request: gathered.request,
    opinion: OPINIONS[agent](house, gathered, heldRegime(gathered.request.symbol)),
  })
  const validate = ({ opinion, request }: Made): void => {
    const problem =
      opinion.view.symbol === request.symbol ? viewProblem(opinion.view) : `a view of ${opinion.view.symbol}`
    if (problem !== null) throw new Error(problem)
  }
  const publish = ({ opinion, request }: Made): void => {
    const { symbol, correlationId } = request
    const cause = correlationId === undefined ? undefined : { causedBy: correlationId, correlationId }
    if ('held' in opinion) {
      const before = heldRegime(symbol).regime
      regimes.set(symbol, opinion.held)
      const changedFrom = before === opinion.held.regime ? null : before
      house.state('regime_detection', { type: 'regime.detected', symbol, view: opinion.view, changedFrom }, cause)
    } else if (opinion.view.agent === 'technical_analysis') {
      house.state('technical_analysis', { type: 'ta.analysed', symbol, view: opinion.view }, cause)
    } else house.state('trading_decision', { type: 'decision.proposed', symbol, proposal: opinion.view }, cause)
  }

  return {
    gather,
    view,
    validate,
    publish,
    fallBack: (request) => {
      const made = view({ request, beganAt: clock.now(), mode: 'fallback', snapshot: null })
      validate(made)
      return made
    },
    analyse: (request) => {
      let stage: AgentStage = 'gathering'
      try {
        const gathered = gather(request)
        stage = 'reasoning'
        const made = view(gathered)
        stage = 'validating'
        validate(made)
        stage = 'publishing'
        publish(made)
        return null
      } catch (error) {
        return { stage, problem: problemText(error) }
      }
    },
  }
}

type Form = (house: House, gathered: Gathered, held: HeldRegime) => Opinion

const OPINIONS: Readonly<Record<RulesAgent, Form>> = {
  technical_analysis: (house, gathered) => ({
    view: timed(house, gathered, technicalView(gathered.snapshot, stampOf(house, gathered, marketName(gathered)))),
  }),
  regime_detection: (house, gathered, before) => {
    const stamp = stampOf(house, gathered, marketName(gathered))
    const detection = detectRegime(gathered.snapshot, gathered.mode)
    const held = observeRegime(before, detection, stamp.timestamp, house.settings.agents.regimeChange)
    return { held, view: timed(house, gathered, regimeView(detection, held, stamp)) }
  },
  trading_decision: (house, gathered) => {
    const { bus, ids, settings } = house
    const { request, snapshot } = gathered
    const { symbol } = request
    const { technicalMaxAgeMs, regimeMaxAgeMs } = settings.signals.consensus
    const technical = bus.getLatest('TA_SIGNALS', { symbol, type: 'ta.analysed', maxAgeMs: technicalMaxAgeMs })?.payload
    const regime = bus.getLatest('REGIME_UPDATES', {
      symbol,
      type: 'regime.detected',
      maxAgeMs: regimeMaxAgeMs,
    })?.payload
    // A decision must be traceable to the figures behind it, so it alone pays for the hash of the whole snapshot.
    const evidence = snapshot === null ? marketName(gathered) : house.hash(snapshotKey(snapshot))
    const inputs = {
      snapshot,
      technical: technical?.type === 'ta.analysed' ? technical.view : null,
      regime: regime?.type === 'regime.detected' ? regime.view : null,
      instrument: instrumentOf(settings, symbol),
      proposalId: ids.next(),
      limits: settings.limits,
      rules: settings.agents.decision,
    }
    return { view: timed(house, gathered, decisionView(inputs, stampOf(house, gathered, evidence))) }
  },
}

/**
 * The evidence of analyses that are made every few minutes: `<symbol>@<close of the newest candle>`, milliseconds UTC.
 * They read closed candles alone, so that names what was read as well as a hash would, at next to no cost.
 */
function marketName({ request, snapshot }: Gathered): string {
  if (snapshot === null) return `${request.symbol}@none`
  let youngest = Number.POSITIVE_INFINITY
  for (const timeframe of SNAPSHOT_TIMEFRAMES) youngest = Math.min(youngest, snapshot.ageMs[timeframe] ?? youngest)
  return `${request.symbol}@${snapshot.at - youngest}`
}

const stampOf = ({ clock }: House, { request, mode }: Gathered, snapshotHash: string): ViewStamp => ({
  symbol: request.symbol,
  timestamp: clock.now(),
  snapshotHash,
  latencyMs: 0,
  mode,
})

/** The view with how long it took from the beginning of the run, by the clock. */
const timed = <V extends { readonly latencyMs: number }>({ clock }: House, { beganAt }: Gathered, view: V): V => {
  const latencyMs = clock.now() - beganAt
  return latencyMs === view.latencyMs ? view : { ...view, latencyMs }
}
