/**
 * The whole system as one readable list: who lives, in which order, and who restarts whom.
 *
 * Those who decide do not own; those who own do not decide. Each line depends only on lines above it: start down, stop up.
 */
import type { AnyActorRef } from 'xstate'
import type { ExitReason } from '../machines/system.machine.ts'
import type { Balance, Ledger } from '../src/domain/portfolio.ts'
import type { Desk } from '../src/ports/desk.ts'
import { createAccount } from './account.ts'
import { createAddresses, positionAddress } from './addresses.ts'
import { agentLogic } from './agent.actor.ts'
import { RULES_AGENTS } from './analysis-desk.ts'
import { createBooks } from './books.ts'
import { coordinatorInput, coordinatorLogic, rearmDecisions, signalsLogic } from './coordinator.actor.ts'
import { createDesk } from './desk.ts'
import { createExchangeGateway, exchangeLogic } from './exchange.actor.ts'
import { createHouse, type House, type Ports, type Settings } from './house.ts'
import { journalLogic } from './journal.actor.ts'
import { createMarket, type Market, marketLogic } from './market.actor.ts'
import { orderLogic } from './order.actor.ts'
import { createOrderDesk } from './orders.actor.ts'
import { createPermission } from './permission.ts'
import { createPlanDesk, planLogic, portfolioLogic } from './portfolio.actor.ts'
import { positionLogic } from './position.actor.ts'
import { createPositionDesk } from './positions.actor.ts'
import { recover, revive } from './recovery.ts'
import { createRiskDesk } from './risk-desk.ts'
import { createSchedule, scheduleLogic } from './schedule.actor.ts'
import { childSpec } from './supervision/child-spec.ts'
import { drainTree } from './supervision/drain.ts'
import type { JournaledSnapshot } from './supervision/journaled.ts'
import { startRoot } from './supervision/root.ts'
import type { SupervisionEvent } from './supervision/supervision-event.ts'
import { problemText } from './supervision/supervision-event.ts'
import { pool, supervisor } from './supervision/supervisor.ts'
import { createTimers } from './supervision/timers.ts'
import { createLifecycle } from './system.actor.ts'
import { createTriggerIndex } from './trigger-index.ts'
import { wire } from './wiring.ts'

export interface StartOptions {
  readonly epoch: number
  readonly incarnation: string
  readonly feed: { readonly name: string; readonly fallback: boolean; readonly reason: string | null }
  /** The driver's name, for the status. */
  readonly database: string
  /** Once the venue runs: a paper venue walks through the candles it missed. */
  readonly catchUp?: () => Promise<void>
  readonly onEnd: (because: ExitReason, reason: string) => void
  /** A replay has no more input. */
  readonly onFeedEnded: () => void
}

export interface Figures {
  readonly candles: number
  readonly decisions: number
  readonly trades: number
  readonly pnlNet: string
  readonly feesPaid: string
  readonly maxDrawdownPct: string
  readonly unprotectedSeconds: number
  readonly gapsMs: readonly number[]
  ledger(balances: readonly Balance[]): Ledger | null
}

export interface RunningSystem {
  readonly house: House
  readonly desk: Desk
  readonly market: Market
  /** Nothing is queued, in flight or unwritten: a simulated clock may move on. */
  isQuiet(): boolean
  /** What a statement of the run needs. */
  figures(): Figures
  /** Begins an orderly stop; `onEnd` is called when it is done. */
  drain(reason: string): void
  halt(reason: string, by: string): void
  /** Leads out of HALTED. */
  reset(by: string): void
  /** A bug ended the feed: the market actor crashes for it, and its restart begins the feed again. */
  feedCrashed(problem: string): void
  /** Ends every actor at once. */
  stop(): void
  readonly restarts: number
}

const BACKOFF = { initialMs: 100, factor: 2, maxMs: 30_000, quietMs: 60_000 }
/** Agents may rest longer: a missed view costs less than a storm of restarts. */
const SLOW_BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 60_000, quietMs: 300_000 }
const MONEY_ROOMS: readonly string[] = ['orders', 'positions', 'plans']
const FRESHNESS_MS = 30_000
const LOOK_MS = 60_000

/** Reads the journal back, builds the tree, and lets it begin. Resolves once the feed runs. */
export async function startSystem(ports: Ports, settings: Settings, options: StartOptions): Promise<RunningSystem> {
  const { clock, journal, exchange, feed, bus } = ports
  const addresses = createAddresses()
  const timers = createTimers(clock, (actor, message) => {
    addresses.tell(actor as 'system', message)
  })
  const books = createBooks(settings.limits)
  const house = createHouse(ports, settings, { addresses, timers, books })
  const recovered = await recover(journal, books)

  let restarts = 0
  const report = (event: SupervisionEvent): void => {
    switch (event.type) {
      case 'child.crashed':
        return house.state('system', { type: 'actor.crashed', actor: event.child, problem: event.problem })
      case 'child.restarted':
        restarts += 1
        return house.state('system', {
          type: 'actor.restarted',
          actor: event.child,
          restarts: event.restarts,
          problem: event.problem,
        })
      case 'child.gaveUp': {
        const { supervisor: room, child, problem } = event
        house.state('system', { type: 'actor.gaveUp', actor: child, restarts: event.restarts, problem })
        // What supervises it restarts the room; but money was in its care, so nothing new until a person has looked.
        if (MONEY_ROOMS.includes(room))
          addresses.tell('system', {
            type: 'supervisor.gaveUp',
            problem: `${room}: ${child}: ${problem}`,
            seenAt: clock.now(),
          })
        return
      }
      case 'child.refused':
        return ports.log.error('a child was refused', {
          supervisor: event.supervisor,
          child: event.child,
          problems: event.problems,
        })
      default:
        return ports.log.debug(event.type, { ...event })
    }
  }
  let feedIsDown = false
  const startFeed = () =>
    feed.start(settings.symbols, (event) => addresses.tell('market', { type: 'market.told', event }))
  const restartFeed = (): void => {
    if (!feedIsDown) return
    feedIsDown = false
    startFeed().catch((error: unknown) => {
      feedIsDown = true
      addresses.tell('market', { type: 'feed.crashed', problem: problemText(error) })
    })
  }
  const budget = { clock, report, intensity: { restarts: 10, periodMs: 60_000 }, backoff: BACKOFF }

  const find = (name: string): AnyActorRef | undefined => root?.system.get(name)
  const permission = createPermission(
    () => (find('coordinator')?.getSnapshot() as JournaledSnapshot | undefined)?.machine ?? null,
  )
  const spawnIn = (poolName: string) => (message: Parameters<Parameters<typeof createOrderDesk>[2]>[0]) =>
    find(poolName)?.send(message)

  const triggers = createTriggerIndex((positionId, trigger, price) => {
    addresses.tell(positionAddress(positionId), { type: 'trigger.crossed', trigger, price, seenAt: clock.now() })
  })
  const market = createMarket(house, triggers, options.onFeedEnded)
  const account = createAccount(house, market.marks)
  const gateway = createExchangeGateway(house)
  const orders = createOrderDesk(house, orderLogic(house, gateway), spawnIn('orders'), permission)
  const positions = createPositionDesk(house, positionLogic(house, orders, triggers), spawnIn('positions'))
  const risk = createRiskDesk(house, account, market.marks, permission)
  const plans = createPlanDesk(house, planLogic(house, account, orders, permission, market.marks), spawnIn('plans'))
  const agentParts = { markets: market }
  const schedule = createSchedule(house, {
    tasksAtOnce: settings.tasksAtOnce,
    isSkipped: (task) => task === 'sentiment_analysis' && permission.level() !== 'NORMAL',
    isEnabled: (task) => !(permission.context()?.disabledTasks.includes(task) ?? !settings.tasks[task].enabled),
    run: (...[task, symbol]) => {
      const seenAt = clock.now()
      const heard =
        task === 'portfolio_check'
          ? addresses.tell('portfolio', { type: 'check-portfolio', forced: false, seenAt })
          : addresses.tell(`agent:${AGENT_OF[task]}`, { type: 'run-agent', symbol, seenAt })
      if (!heard) throw new Error('nobody is there to do it')
    },
  })

  const lifecycle = createLifecycle(house, { orders, marks: market.marks, permission, onEnd: options.onEnd })

  const doubt = (reason: string): void => {
    addresses.tell('system', { type: 'picture.doubted', reason, stopTrading: false, seenAt: clock.now() })
  }

  const tree = supervisor({
    ...budget,
    name: 'system',
    strategy: 'rest_for_one',
    children: [
      childSpec({
        id: 'journal',
        systemId: 'journal',
        logic: journalLogic(house),
        input: () => undefined,
        restart: 'permanent',
      }),
      childSpec({
        id: 'exchange',
        systemId: 'exchange',
        logic: exchangeLogic(house),
        input: () => undefined,
        restart: 'permanent',
      }),
      {
        id: 'orders',
        systemId: 'orders',
        logic: pool({ ...budget, name: 'orders' }),
        restart: 'permanent',
        drain: drainTree,
      },
      {
        id: 'positions',
        systemId: 'positions',
        logic: pool({ ...budget, name: 'positions' }),
        restart: 'permanent',
        drain: drainTree,
      },
      childSpec({
        id: 'portfolio',
        systemId: 'portfolio',
        logic: portfolioLogic(house, { account, risk, plans }),
        input: () => undefined,
        restart: 'permanent',
      }),
      {
        id: 'plans',
        systemId: 'plans',
        logic: pool({ ...budget, name: 'plans' }),
        restart: 'permanent',
        drain: drainTree,
      },
      childSpec({
        id: 'market',
        systemId: 'market',
        logic: marketLogic(market),
        input: () => undefined,
        restart: 'permanent',
        onRestored: restartFeed,
      }),
      childSpec({
        id: 'coordinator',
        systemId: 'coordinator',
        logic: coordinatorLogic(house, { orders, positions, risk }),
        input: () => coordinatorInput(house, recovered.streams.get('coordinator') ?? null),
        restart: 'permanent',
        beforeRestart: () => journal.settled(),
        onRestored: () => rearmDecisions(house, permission),
      }),
      childSpec({
        id: 'signals',
        systemId: 'signals',
        logic: signalsLogic(house, permission),
        input: () => undefined,
        restart: 'permanent',
      }),
      {
        id: 'agents',
        restart: 'permanent',
        logic: supervisor({
          ...budget,
          name: 'agents',
          strategy: 'one_for_one',
          backoff: SLOW_BACKOFF,
          children: RULES_AGENTS.map((agent) => ({
            id: agent,
            systemId: `agent:${agent}`,
            ...agentLogic(house, agent, agentParts),
            restart: 'permanent' as const,
          })),
        }),
      },
      childSpec({
        id: 'schedule',
        systemId: 'schedule',
        logic: scheduleLogic(house, schedule),
        input: () => undefined,
        restart: 'permanent',
      }),
      childSpec({
        id: 'lifecycle',
        systemId: 'system',
        logic: lifecycle.logic,
        input: () => ({
          type: 'start',
          reconcileRetryMs: settings.reconcileRetryMs,
          drainMs: settings.drainMs,
          seenAt: clock.now(),
        }),
        // Once it is done the process ends: it is not brought back then.
        restart: 'transient',
        onRestored: (ref) => lifecycle.resume(ref),
      }),
    ],
  })

  const root = startRoot({
    logic: tree,
    id: 'root',
    clock,
    onGaveUp: (error) => {
      house.state('system', { type: 'actor.gaveUp', actor: 'system', restarts, problem: problemText(error) })
      options.onEnd('gave-up', problemText(error))
    },
  })
  addresses.bind(find)
  wire(house, { orders, positions, plans, risk })
  journal.onHealth((health) => addresses.tell('journal', { type: 'health.changed', health }))
  exchange.onReport((given) => addresses.tell('exchange', { type: 'venue.reported', report: given }))
  exchange.onLine((up, reason) => addresses.tell('exchange', { type: 'line.changed', up, reason }))

  const now = clock.now()
  const warm = await market.warmUp(now)
  ports.log.info('indicators are warm', warm)
  house.state('system', {
    type: 'system.started',
    mode: settings.mode,
    feed: options.feed.name,
    epoch: options.epoch,
    incarnation: options.incarnation,
  })
  if (recovered.streams.has('coordinator'))
    addresses.tell('coordinator', { type: 'reconciliation.begun', reason: 'start', seenAt: now })
  await exchange.start()
  await options.catchUp?.()
  const found = revive(recovered, { orders, positions, plans })
  rearmDecisions(house, permission)
  if (permission.control() === 'HALTED') addresses.tell('system', { type: 'trading.stopped', seenAt: now })
  house.state('system', { type: 'system.recovered', ...found, journalRows: recovered.rows })
  await startFeed()
  house.state('market', {
    type: 'market.started',
    feed: options.feed.name,
    symbols: settings.symbols,
    fallback: options.feed.fallback,
  })
  lifecycle.finishBoot()
  const beats = [
    beat(house, LOOK_MS, () => addresses.tell('portfolio', { type: 'look-at-account', seenAt: clock.now() })),
    beat(house, FRESHNESS_MS, () => {
      addresses.tell('market', { type: 'check-freshness', seenAt: clock.now() })
      addresses.tell('journal', { type: 'health.changed', health: journal.health() })
    }),
    beat(house, settings.reconcileEveryMs, () => doubt('routine')),
  ]

  return {
    house,
    market,
    desk: createDesk(house, {
      ...{ account, permission, schedule, root, startedAt: now },
      ...{ epoch: options.epoch, feed: options.feed, database: options.database },
      lifecycle: () => find('system'),
    }),
    isQuiet: () =>
      journal.pending === 0 &&
      gateway.inFlight === 0 &&
      bus.busy === 0 &&
      !lifecycle.isReconciling &&
      schedule.running === 0,
    figures: () => ({
      ...books.statistics(),
      ...books.protection(clock.now()),
      candles: market.candlesHeard,
      maxDrawdownPct: account.periods().equity.maxDrawdownPct,
      ledger: account.ledger,
    }),
    drain: (reason) => addresses.tell('system', { type: 'drain-system', reason, seenAt: clock.now() }),
    halt: (reason, by) => addresses.tell('coordinator', { type: 'halt-trading', reason, by, seenAt: clock.now() }),
    reset: (by) => addresses.tell('coordinator', { type: 'reset-trading', by, seenAt: clock.now() }),
    feedCrashed: (problem) => {
      feedIsDown = true
      addresses.tell('market', { type: 'feed.crashed', problem })
    },
    stop: () => {
      for (const end of beats) end()
      schedule.stop()
      root.stop()
      timers.stop()
    },
    get restarts() {
      return restarts
    },
  }
}

const AGENT_OF = {
  ta_analysis: 'technical_analysis',
  regime_detection: 'regime_detection',
  sentiment_analysis: 'sentiment_analysis',
  trading_decision: 'trading_decision',
} as const

/** Calls `work` every `everyMs` until it is told to stop, without drift. Returns how to stop it. */
function beat({ clock }: House, everyMs: number, work: () => void): () => void {
  let timer = clock.at(clock.now() + everyMs, () => next(clock.now()))
  function next(dueAt: number): void {
    // After a sleep the beats that were missed are not made up for.
    const nextAt = Math.max(dueAt + everyMs, clock.now())
    timer = clock.at(nextAt, () => next(nextAt))
    work()
  }
  return () => timer.cancel()
}
