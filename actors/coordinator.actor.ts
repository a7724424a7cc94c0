/**
 * The coordinator's actor: its machine bound to the journal, and the desk beside it that gathers what a judgement needs
 * and counts who answers. It decides; it owns nothing.
 */
import { coordinatorMachine } from '../machines/coordinator.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import type { Views } from '../src/domain/consensus.ts'
import { type CoordinatorBirth, deadlineOf } from '../src/domain/coordinator-story.ts'
import { type Counters, counted, type Cause as DegradationCause, levelOf } from '../src/domain/degradation.ts'
import type { Fact } from '../src/domain/facts.ts'
import type { Pair } from '../src/domain/ids.ts'
import { judgeSignal } from '../src/domain/signal.ts'
import { TASKS } from '../src/domain/tasks.ts'
import { unclosed, unhalved } from './breaker-positions.ts'
import { type House, instrumentOf } from './house.ts'
import type { SignalsMessage } from './messages.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { Permission } from './permission.ts'
import type { PositionDesk } from './positions.actor.ts'
import type { RiskDesk } from './risk-desk.ts'
import { type JournaledInput, type JournaledLogic, journaled, type Message } from './supervision/journaled.ts'
import { serving } from './supervision/serving.ts'

export interface CoordinatorParts {
  readonly orders: OrderDesk
  readonly positions: PositionDesk
  readonly risk: RiskDesk
}

type CoordinatorEffect = Exclude<EffectOf<typeof coordinatorMachine>, { type: 'publish-facts' }>

export const coordinatorLogic = (house: House, { orders, positions, risk }: CoordinatorParts): JournaledLogic =>
  journaled(coordinatorMachine, {
    journal: house.journal,
    ids: house.ids,
    publish: (fact) => house.publish(fact.type.startsWith('risk.') ? 'risk' : 'coordinator', fact),
    unhandled: house.unhandled,
    perform: (stream, given, correlationId) => {
      const effect = given as CoordinatorEffect
      const { addresses, clock, settings, timers } = house
      switch (effect.type) {
        case 'assess-proposal':
          addresses.tell('portfolio', { ...effect, ...effect.params, correlationId, seenAt: clock.now() })
          return
        case 'open-position': {
          const { proposal, positionId, verdict } = effect.params
          const { side, leverage, stopLoss, takeProfit } = verdict.plan
          const instrument = instrumentOf(settings, proposal.symbol)
          const plan = { positionId, proposalId: proposal.proposalId, side, leverage, instrument, stopLoss, takeProfit }
          // The reservation stands until the books know the entry: until then nothing else counts its slot.
          if (!positions.open({ ...plan, entry: verdict.order }, { correlationId })) risk.release(positionId)
          return
        }
        case 'release-reservation':
          return risk.release(effect.params.positionId)
        case 'close-positions':
          for (const positionId of effect.params.positionIds) positions.close(positionId, effect.params.reason)
          return
        case 'close-all-positions':
          for (const positionId of unclosed(house.books)) positions.close(positionId, effect.params.reason)
          return
        case 'halve-positions':
          for (const positionId of unhalved(house.books, effect.params.since)) positions.halve(positionId)
          return
        case 'cancel-entries':
          orders.cancelEntries(effect.params.reason, effect.params)
          return
        case 'set-deadline':
          return timers.set(stream, effect.params.name, effect.params.at)
        default:
          return assertNever(effect)
      }
    },
  })

/** The coordinator's birth, or its former life when the journal holds one. */
export function coordinatorInput(
  house: House,
  recorded: { readonly birth: Message; readonly history: readonly Message[] } | null,
): JournaledInput {
  const disabledTasks = TASKS.filter((task) => !house.settings.tasks[task].enabled)
  const born: CoordinatorBirth & Message = {
    type: 'start-coordinator',
    decisionMs: house.settings.decisionMs,
    disabledTasks,
    seenAt: house.clock.now(),
  }
  return {
    birth: recorded?.birth ?? born,
    correlationId: null,
    history: recorded?.history ?? [],
    isNew: recorded === null,
  }
}

/** After a restart: the machine keeps the deadlines of its decisions in hand, the timer that would ring them is gone. */
export function rearmDecisions({ timers }: House, permission: Permission): void {
  const { deciding = {} } = permission.context() ?? {}
  for (const [symbol, { dueAt }] of Object.entries(deciding)) timers.set('coordinator', deadlineOf(symbol), dueAt)
}

const NO_VIEWS: Views = { technical: null, regime: null, sentiment: null }

/** Gathers what a judgement needs and hands the judged signal to the coordinator; counts who answers. */
export function signalsLogic(house: House, permission: Permission) {
  const { addresses, books, clock, settings } = house
  const views = new Map<Pair, Views>()

  function remember(fact: Fact<'ta.analysed' | 'regime.detected' | 'sentiment.scored'>): void {
    const known = views.get(fact.symbol) ?? NO_VIEWS
    const { view } = fact
    if (view.agent === 'technical_analysis') views.set(fact.symbol, { ...known, technical: view })
    else if (view.agent === 'regime_detection') views.set(fact.symbol, { ...known, regime: view })
    else views.set(fact.symbol, { ...known, sentiment: view })
  }

  function judge({ proposal, symbol, id, correlationId }: Fact<'decision.proposed'>): void {
    const held = books.openPositions(symbol).map(({ positionId, side }) => ({ positionId, side }))
    const { lossStreak } = books.streaks()
    const marginEnabled = settings.limits.margin.enabled
    const inputs = { now: clock.now(), views: views.get(symbol) ?? NO_VIEWS, held, lossStreak, marginEnabled }
    const judgement = judgeSignal(proposal, inputs, settings.signals)
    addresses.tell('coordinator', {
      type: 'signal.judged',
      proposal,
      inputs,
      judgement,
      causedBy: id,
      correlationId,
      seenAt: clock.now(),
    })
  }

  /** A success is a plain counter; only a counter that moved becomes a message. */
  function count(cause: DegradationCause, ok: boolean): void {
    const before: Counters = permission.context()?.counters ?? {}
    const after = counted(before, cause, ok, settings.degradation)
    const moved =
      before[cause]?.failures !== after[cause]?.failures || before[cause]?.successes !== after[cause]?.successes
    if (!moved) return
    addresses.tell('coordinator', {
      type: 'degradation.crossed',
      counters: after,
      level: levelOf(after, settings.degradation),
      seenAt: clock.now(),
    })
  }

  return serving<SignalsMessage>((message) => {
    switch (message.type) {
      case 'proposal.heard':
        return judge(message.fact)
      case 'view.heard':
        return remember(message.fact)
      case 'source.answered':
        return count(message.cause, message.ok)
      default:
        return assertNever(message)
    }
  })
}
