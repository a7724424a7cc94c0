/** Boot is recovery: the journal read back, the rooms built, the tree started, the venue asked, and only then prices. */
import type { AnyActorRef } from 'xstate'
import type { ExitReason } from '../machines/system.machine.ts'
import { pair } from '../src/domain/ids.ts'
import type { RebalanceOutput } from '../src/domain/portfolio.ts'
import type { Figures } from '../src/domain/replay-summary.ts'
import type { Desk } from '../src/ports/desk.ts'
import { type Addresses, createAddresses } from './addresses.ts'
import { beat } from './beat.ts'
import { createBooks } from './books.ts'
import { rearmDecisions } from './coordinator.actor.ts'
import { createDesk } from './desk.ts'
import type { ExecutionDesk } from './execution-desk.ts'
import { type Flattened, flatten } from './flatten.ts'
import { createHouse, type House, type Ports, type Settings } from './house.ts'
import type { Market } from './market.actor.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { Permission } from './permission.ts'
import type { PositionOperations } from './position-operations.ts'
import { recover, revive } from './recovery.ts'
import { buildRooms } from './rooms.ts'
import type { Snapshots } from './snapshots.ts'
import { startRoot } from './supervision/root.ts'
import { problemText, type SupervisionEvent } from './supervision/supervision-event.ts'
import { createTimers } from './supervision/timers.ts'
import { systemTree } from './system.ts'
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

export interface RunningSystem {
  readonly house: House
  readonly desk: Desk
  readonly market: Market
  readonly snapshots: Snapshots
  /** Trades, cancellations and comparisons that are asked from outside. */
  readonly execution: ExecutionDesk
  /** What is held and at stake, and what is asked of positions from outside. */
  readonly positions: PositionOperations
  /** Nothing is queued, in flight or unwritten: a simulated clock may move on. */
  isQuiet(): boolean
  /** What a statement of the run needs. */
  figures(): Figures
  /** Begins an orderly stop; `onEnd` is called when it is done. */
  drain(reason: string): void
  halt(reason: string, by: string): void
  /** Leads out of HALTED, and acknowledges every breaker that is latched. */
  reset(by: string): void
  /** No signal is acted on and resting entries are cancelled, until it is taken back; protection and closes go on. */
  pause(by: string, reason?: string): void
  /** Takes a person's pause back; refused while other reasons stand: a breaker's own ends by itself. */
  resume(by: string): void
  /** Every position at market, each once; core holdings and hodl bags stay. */
  closeAll(by: string): void
  /**
   * Checks the portfolio now, however long ago the last plan was; says what came of it, or null where nobody is there to
   * look.
   */
  rebalance(by: string): RebalanceOutput | null
  /** Sells what every position holds; says of each what became of it. */
  flatten(): Promise<readonly Flattened[]>
  /** A bug ended the feed: the market actor crashes for it, and its restart begins the feed again. */
  feedCrashed(problem: string): void
  /** Ends every actor at once. */
  stop(): void
  readonly restarts: number
}

const MONEY_ROOMS: readonly string[] = ['orders', 'positions', 'plans', 'bags']
/** Why a person pauses, unless they say. */
const USERS = 'user'
const FRESHNESS_MS = 30_000
const LOOK_MS = 60_000

/** Every crash and restart becomes a fact. Answers how many restarts there were. */
function supervisionFacts({ addresses, clock, log, state, timers }: House): {
  readonly report: (event: SupervisionEvent) => void
  readonly restarts: () => number
} {
  let count = 0
  const report = (event: SupervisionEvent): void => {
    switch (event.type) {
      case 'child.crashed':
        return state('system', { type: 'actor.crashed', actor: event.child, problem: event.problem })
      case 'child.restarted': {
        const { child: actor, restarts, problem } = event
        count += 1
        return state('system', { type: 'actor.restarted', actor, restarts, problem })
      }
      case 'child.gaveUp': {
        const { supervisor: room, child: actor, restarts, problem } = event
        state('system', { type: 'actor.gaveUp', actor, restarts, problem })
        // What supervises it restarts the room; but money was in its care, so nothing new until a person has looked.
        const why = `${room}: ${actor}: ${problem}`
        if (MONEY_ROOMS.includes(room))
          addresses.tell('system', { type: 'supervisor.gaveUp', problem: why, seenAt: clock.now() })
        return
      }
      case 'child.stopped':
        if (event.reason === 'done') timers.clear(event.child)
        return log.debug(event.type, { ...event })
      case 'child.refused':
        return log.error('a child was refused', { ...event })
      default:
        return log.debug(event.type, { ...event })
    }
  }
  return { report, restarts: () => count }
}

/** How the parts are made that every actor shares. */
export interface Makers {
  readonly addresses: () => Addresses
  readonly books: typeof createBooks
}

const MAKERS: Makers = { addresses: createAddresses, books: createBooks }

/**
 * Reads the journal back, builds the tree, and lets it begin. Resolves once the feed runs. A simulation hands in `makers`
 * whose doubles misbehave, to see that it is noticed.
 */
export async function startSystem(
  ports: Ports,
  settings: Settings,
  options: StartOptions,
  makers: Makers = MAKERS,
): Promise<RunningSystem> {
  const { clock, journal, exchange, bus } = ports
  const addresses = makers.addresses()
  const timers = createTimers(clock, (actor, message) => {
    addresses.tell(actor as 'system', message)
  })
  const books = makers.books(settings.limits, settings.historySize)
  const house = createHouse(ports, settings, { addresses, timers, books })
  const recovered = await recover(journal, books)
  const find = (name: string): AnyActorRef | undefined => root?.system.get(name)
  const rooms = buildRooms(house, { find, onFeedEnded: options.onFeedEnded, onEnd: options.onEnd })
  const { account, gateway, hodl, lifecycle, market, operations, orders, permission, plans, positions } = rooms
  const { monitor, reconciler, risk, schedule } = rooms
  const { report, restarts } = supervisionFacts(house)

  const root = startRoot({
    logic: systemTree(house, rooms, recovered, report),
    id: 'root',
    clock,
    onGaveUp: (error) => {
      const problem = problemText(error)
      house.state('system', { type: 'actor.gaveUp', actor: 'system', restarts: restarts(), problem })
      options.onEnd('gave-up', problem)
    },
  })
  addresses.bind(find)
  wire(house, {
    orders,
    positions,
    plans,
    hodl,
    risk,
    monitor,
    reconciler,
    financing: rooms.financing,
    deadMan: rooms.deadMan,
  })
  journal.onHealth((health) => addresses.tell('journal', { type: 'health.changed', health }))
  exchange.onReport((given) => addresses.tell('exchange', { type: 'venue.reported', report: given }))
  exchange.onCharge?.((flow) => addresses.tell('exchange', { type: 'venue.charged', flow }))
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
  const found = revive(recovered, { orders, positions, plans, hodl })
  rearmDecisions(house, permission)
  takeBackEntries(orders, permission)
  monitor.begin()
  if (permission.control() === 'HALTED') addresses.tell('system', { type: 'trading.stopped', seenAt: now })
  house.state('system', { type: 'system.recovered', ...found, journalRows: recovered.rows })
  await rooms.feed.start()
  house.state('market', {
    type: 'market.started',
    feed: options.feed.name,
    symbols: settings.watched,
    fallback: options.feed.fallback,
  })
  lifecycle.finishBoot()
  rooms.deadMan.look()
  const beats = [
    beat(clock, LOOK_MS, () => addresses.tell('risk', { type: 'look-at-risk', seenAt: clock.now() })),
    beat(clock, LOOK_MS, () => addresses.tell('portfolio', { type: 'look-at-portfolio', seenAt: clock.now() })),
    beat(clock, settings.snapshots.everyMs, rooms.snapshots.take),
    beat(clock, FRESHNESS_MS, () => {
      addresses.tell('market', { type: 'check-freshness', seenAt: clock.now() })
      addresses.tell('journal', { type: 'health.changed', health: journal.health() })
    }),
    beat(clock, settings.positionPolicy.trailSweepMs, () => addresses.tell('market', { type: 'sweep-triggers' })),
    beat(clock, settings.reconcileEveryMs, () =>
      addresses.tell('system', { type: 'picture.doubted', reason: 'routine', stopTrading: false, seenAt: clock.now() }),
    ),
  ]

  return {
    house,
    market,
    snapshots: rooms.snapshots,
    execution: rooms.execution,
    positions: operations,
    flatten: () => flatten(house, positions),
    desk: createDesk(house, {
      ...{ account, monitor, operations, permission, schedule, snapshots: rooms.snapshots, root, startedAt: now },
      ...{ epoch: options.epoch, feed: options.feed, database: options.database },
      lifecycle: () => find('system'),
    }),
    isQuiet: () =>
      journal.pending === 0 && gateway.inFlight === 0 && bus.busy === 0 && !reconciler.isBusy && schedule.running === 0,
    figures: () => ({
      ...books.statistics(),
      ...books.protection(clock.now()),
      candles: market.candlesHeard,
      maxDrawdownPct: monitor.drawdown().maxDrawdownPct,
      ledger: account.ledger,
    }),
    drain: (reason) => addresses.tell('system', { type: 'drain-system', reason, seenAt: clock.now() }),
    halt: (reason, by) => addresses.tell('coordinator', { type: 'halt-trading', reason, by, seenAt: clock.now() }),
    reset: (by) => addresses.tell('coordinator', { type: 'reset-trading', by, seenAt: clock.now() }),
    pause: (by, reason = USERS) =>
      addresses.tell('coordinator', { type: 'pause-trading', reason, by, seenAt: clock.now() }),
    resume: (by) => addresses.tell('coordinator', { type: 'resume-trading', reason: USERS, by, seenAt: clock.now() }),
    closeAll: (by) =>
      addresses.tell('coordinator', { type: 'close-all-positions', reason: 'api', by, seenAt: clock.now() }),
    rebalance: rooms.portfolio.rebalance,
    feedCrashed: rooms.feed.crashed,
    stop: () => {
      for (const end of beats) end()
      schedule.stop()
      monitor.stop()
      root.stop()
      timers.stop()
      reconciler.stop()
      house.exchange.pacing.stop()
      rooms.deadMan.stop()
    },
    get restarts() {
      return restarts()
    },
  }
}

/** A stop of trading that was written down is carried out, although the process died before its entries heard of it. */
function takeBackEntries(orders: OrderDesk, permission: Permission): void {
  const control = permission.control()
  if (control !== 'RUNNING') orders.cancelEntries(`trading was ${control} at the start`)
  const halted = Object.keys(permission.haltedSymbols()).map(pair)
  if (halted.length > 0) orders.cancelEntries('the symbol was halted at the start', { symbols: halted })
}
