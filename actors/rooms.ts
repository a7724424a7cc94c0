/** The desks and gateways that the actors share: built once, outside of the actors, so that a restart loses none of them. */
import type { AnyActorRef } from 'xstate'
import type { ExitReason } from '../machines/system.machine.ts'
import { type Account, createAccount } from './account.ts'
import { positionAddress } from './addresses.ts'
import { type CoreBook, createCoreBook } from './core-book.ts'
import { createDeadMan, type DeadMan } from './dead-man.ts'
import { createExchangeGateway, type ExchangeGateway } from './exchange.actor.ts'
import { createExecutionDesk, type ExecutionDesk } from './execution-desk.ts'
import { createFinancing, type Financing } from './financing.ts'
import { createHodlDesk, type HodlDesk } from './hodl.actor.ts'
import type { House } from './house.ts'
import { createMarket, type Market } from './market.actor.ts'
import { orderLogic } from './order.actor.ts'
import { createOrderDesk, type OrderDesk } from './orders.actor.ts'
import { createPermission, type Permission } from './permission.ts'
import type { SpawnChild } from './pools.ts'
import { createPortfolioDesk, type PortfolioDesk } from './portfolio.actor.ts'
import { positionLogic } from './position.actor.ts'
import { createPositionOperations, type PositionOperations } from './position-operations.ts'
import { createPositionDesk, type PositionDesk } from './positions.actor.ts'
import { createPlanDesk, type PlanDesk, planLogic } from './rebalance-plan.actor.ts'
import { createReconciler, type Reconciler } from './reconciliation.ts'
import { createRiskDesk, type RiskDesk } from './risk-desk.ts'
import { createRiskMonitor, type RiskMonitor } from './risk-monitor.ts'
import { createSchedule, type Schedule } from './schedule.actor.ts'
import { createSnapshots, type Snapshots } from './snapshots.ts'
import type { JournaledSnapshot } from './supervision/journaled.ts'
import { problemText } from './supervision/supervision-event.ts'
import { createLifecycle, type Lifecycle } from './system.actor.ts'
import { createTriggerIndex } from './trigger-index.ts'
import { createVolatilityWatch } from './volatility-watch.ts'

/** The feed and its second beginning: after a bug ended it, the market's restart starts it again. */
export interface FeedLine {
  start(): Promise<void>
  crashed(problem: string): void
  startAgain(): void
}

export interface Rooms {
  readonly permission: Permission
  readonly market: Market
  readonly feed: FeedLine
  readonly account: Account
  readonly snapshots: Snapshots
  readonly gateway: ExchangeGateway
  readonly orders: OrderDesk
  readonly execution: ExecutionDesk
  readonly positions: PositionDesk
  readonly operations: PositionOperations
  readonly core: CoreBook
  readonly plans: PlanDesk
  readonly hodl: HodlDesk
  readonly portfolio: PortfolioDesk
  readonly risk: RiskDesk
  readonly monitor: RiskMonitor
  readonly schedule: Schedule
  readonly reconciler: Reconciler
  readonly financing: Financing
  readonly deadMan: DeadMan
  readonly lifecycle: Lifecycle
}

export interface RoomParts {
  /** A named actor that lives now. */
  find(name: string): AnyActorRef | undefined
  readonly onFeedEnded: () => void
  readonly onEnd: (because: ExitReason, reason: string) => void
}

const AGENT_OF = {
  ta_analysis: 'technical_analysis',
  regime_detection: 'regime_detection',
  sentiment_analysis: 'sentiment_analysis',
  trading_decision: 'trading_decision',
} as const

function feedLine({ addresses, feed, settings }: House, onPrice: () => void): FeedLine {
  let isDown = false
  const start = () =>
    feed.start(settings.watched, (event) => {
      addresses.tell('market', { type: 'market.told', event })
      if (event.kind === 'trade' || event.kind === 'quote') onPrice()
    })
  const crashed = (problem: string): void => {
    isDown = true
    addresses.tell('market', { type: 'feed.crashed', problem })
  }
  return {
    start,
    crashed,
    startAgain: () => {
      if (!isDown) return
      isDown = false
      start().catch((error: unknown) => crashed(problemText(error)))
    },
  }
}

function scheduleOf(house: House, permission: Permission): Schedule {
  const { addresses, clock, settings } = house
  return createSchedule(house, {
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
}

export function buildRooms(house: House, { find, onFeedEnded, onEnd }: RoomParts): Rooms {
  const { addresses, clock } = house
  const permission = createPermission(
    () => (find('coordinator')?.getSnapshot() as JournaledSnapshot | undefined)?.machine ?? null,
  )
  const spawnIn = (pool: string) => (message: SpawnChild) => find(pool)?.send(message)
  const triggers = createTriggerIndex((positionId, trigger, price) =>
    addresses.tell(positionAddress(positionId), { type: 'trigger.crossed', trigger, price, seenAt: clock.now() }),
  )
  const lives = (name: string): boolean => find(name)?.getSnapshot().status === 'active'
  const market = createMarket(house, triggers, onFeedEnded, createVolatilityWatch(house))
  const account = createAccount(house, market.marks, market.closeAt)
  const gateway = createExchangeGateway(house, permission)
  const orders = createOrderDesk(house, orderLogic(house, gateway), spawnIn('orders'), permission)
  const monitor = createRiskMonitor(house, account, permission)
  const { marks, volatilityOf } = market
  const risk = createRiskDesk(house, { account, monitor, marks, permission, lives, volatilityOf })
  const deadMan = createDeadMan(house)
  const core = createCoreBook(house, account, orders, permission, market.marks)
  const hodl = createHodlDesk(house)
  const plans = createPlanDesk(house, planLogic(house, { core, orders, permission }), spawnIn('plans'))
  const reconciler = createReconciler(house, { marks: market.marks, permission })
  const financing = createFinancing(house, market.marks)
  return {
    ...{ permission, market, account, gateway, orders, risk, monitor, reconciler, financing, deadMan },
    execution: createExecutionDesk(house, risk, reconciler),
    operations: createPositionOperations(house, { account, risk }),
    feed: feedLine(house, monitor.priceMoved),
    snapshots: createSnapshots(house, account),
    positions: createPositionDesk(house, positionLogic(house, { orders, triggers, deadMan }), spawnIn('positions')),
    ...{ core, plans, hodl, portfolio: createPortfolioDesk(house, account, core, plans, hodl) },
    schedule: scheduleOf(house, permission),
    lifecycle: createLifecycle(house, { orders, reconciler, deadMan, permission, onEnd }),
  }
}
