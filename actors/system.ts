/**
 * The whole system as one readable list: who lives, in which order, and who restarts whom.
 *
 * Those who decide do not own; those who own do not decide. Each line depends only on lines above it: start down, stop up.
 */
import type { AnyActorLogic } from 'xstate'
import { agentLogic } from './agent.actor.ts'
import { RULES_AGENTS } from './analysis-desk.ts'
import { coordinatorInput, coordinatorLogic, rearmDecisions, signalsLogic } from './coordinator.actor.ts'
import { exchangeLogic } from './exchange.actor.ts'
import { hodlLogic } from './hodl.actor.ts'
import type { House } from './house.ts'
import { journalLogic } from './journal.actor.ts'
import { marketLogic } from './market.actor.ts'
import { portfolioLogic } from './portfolio.actor.ts'
import type { Recovered } from './recovery.ts'
import { riskLogic } from './risk-monitor.ts'
import type { Rooms } from './rooms.ts'
import { scheduleLogic } from './schedule.actor.ts'
import type { ChildSpec } from './supervision/child-spec.ts'
import { drainTree } from './supervision/drain.ts'
import type { SupervisionEvent } from './supervision/supervision-event.ts'
import { pool, type SupervisorLogic, supervisor } from './supervision/supervisor.ts'

const BACKOFF = { initialMs: 100, factor: 2, maxMs: 30_000, quietMs: 60_000 }
/** Agents may rest longer: a missed view costs less than a storm of restarts. */
const SLOW_BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 60_000, quietMs: 300_000 }
const INTENSITY = { restarts: 10, periodMs: 60_000 }

/** A long-lived actor, known by its name; always brought back. */
const worker = (id: string, logic: AnyActorLogic, more: Partial<ChildSpec> = {}): ChildSpec => ({
  id,
  systemId: id,
  logic,
  restart: 'permanent',
  ...more,
})

export function systemTree(
  house: House,
  rooms: Rooms,
  recovered: Recovered,
  report: (event: SupervisionEvent) => void,
): SupervisorLogic {
  const { clock, journal, settings } = house
  const { core, feed, hodl, lifecycle, market, monitor, orders, permission, portfolio, positions, risk, schedule } =
    rooms
  const budget = { clock, report, intensity: INTENSITY, backoff: BACKOFF }
  /** One actor for each order, position or plan: a crash of one touches no other. */
  const members = (id: string): ChildSpec => worker(id, pool({ ...budget, name: id }), { drain: drainTree })
  const agents = supervisor({
    ...budget,
    name: 'agents',
    strategy: 'one_for_one',
    backoff: SLOW_BACKOFF,
    children: RULES_AGENTS.map((agent) => {
      const { logic, input } = agentLogic(house, agent, { markets: market })
      return worker(agent, logic, { systemId: `agent:${agent}`, input })
    }),
  })

  /** Under a supervisor of its own: its crash restarts nothing else. */
  const bags = supervisor({
    ...budget,
    name: 'bags',
    strategy: 'one_for_one',
    children: [
      worker('hodl', hodlLogic(house, core), {
        input: () => hodl.input(recovered.streams.get('hodl') ?? null),
        beforeRestart: () => journal.settled(),
        onRestored: hodl.recover,
      }),
    ],
  })

  return supervisor({
    ...budget,
    name: 'system',
    strategy: 'rest_for_one',
    children: [
      worker('journal', journalLogic(house)),
      worker('exchange', exchangeLogic(house, rooms.reconciler, rooms.financing)),
      members('orders'),
      members('positions'),
      worker('portfolio', portfolioLogic(house, { risk, portfolio })),
      members('plans'),
      worker('bags', bags),
      worker('market', marketLogic(market), { onRestored: feed.startAgain }),
      worker('coordinator', coordinatorLogic(house, { orders, positions, risk }), {
        input: () => coordinatorInput(house, recovered.streams.get('coordinator') ?? null),
        beforeRestart: () => journal.settled(),
        onRestored: () => rearmDecisions(house, permission),
      }),
      // Beside the coordinator, and after it: once that is back, it is told again of what is latched.
      worker('risk', riskLogic(monitor), { onRestored: () => monitor.begin() }),
      worker('signals', signalsLogic(house, permission)),
      worker('agents', agents),
      worker('schedule', scheduleLogic(house, schedule)),
      // Once the process's own life is done the process ends: it is not brought back then.
      worker('lifecycle', lifecycle.logic, {
        systemId: 'system',
        restart: 'transient',
        input: () => ({
          ...{ type: 'start', seenAt: clock.now() },
          ...{ reconcileRetryMs: settings.reconcileRetryMs, drainMs: settings.drainMs },
        }),
        onRestored: (ref) => lifecycle.resume(ref),
      }),
    ],
  })
}
