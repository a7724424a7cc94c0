/** What the API and the command line may see: the actors' present state as plain JSON. */
import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import { externalView } from '../src/domain/external-order.ts'
import { isLive } from '../src/domain/order.ts'
import type { Desk } from '../src/ports/desk.ts'
import type { Account } from './account.ts'
import type { House } from './house.ts'
import type { Permission } from './permission.ts'
import type { PositionOperations } from './position-operations.ts'
import type { RiskMonitor } from './risk-monitor.ts'
import { riskStatus } from './risk-status.ts'
import type { Schedule } from './schedule.actor.ts'
import type { Snapshots } from './snapshots.ts'
import { tree } from './supervision/tree.ts'

export interface DeskParts {
  readonly account: Account
  readonly monitor: RiskMonitor
  readonly permission: Permission
  readonly operations: PositionOperations
  readonly schedule: Schedule
  readonly snapshots: Pick<Snapshots, 'ofPosition' | 'ofPortfolio'>
  readonly root: AnyActorRef
  /** The lifecycle's actor; undefined while it is being restarted. */
  readonly lifecycle: () => AnyActorRef | undefined
  readonly startedAt: number
  readonly epoch: number
  readonly feed: { readonly name: string; readonly fallback: boolean; readonly reason: string | null }
  readonly database: string
}

const NO_STATISTICS = { signals: 0, accepted: 0, dropped: 0, closing: 0, approved: 0, denied: 0 }

export function createDesk(house: House, parts: DeskParts): Desk {
  const { books, clock, journal, settings } = house
  const { account, monitor, operations, permission, schedule } = parts
  const stateOf = (): string => {
    const snapshot = parts.lifecycle()?.getSnapshot() as { readonly machine?: AnyMachineSnapshot } | undefined
    return String(snapshot?.machine?.value ?? 'restarting')
  }
  const notReady = (state: string): string[] => [
    ...(state === 'trading' || state === 'halted' ? [] : [`the system is ${state}`]),
    ...(permission.isReconciling() ? ['not reconciled with the exchange yet'] : []),
    ...(journal.health().state === 'durable' ? [] : [`the journal is ${journal.health().state}`]),
  ]
  return {
    system: () => {
      const state = stateOf()
      const notReadyBecause = notReady(state)
      return {
        mode: settings.mode,
        state,
        ready: notReadyBecause.length === 0,
        notReadyBecause,
        feed: parts.feed,
        database: { driver: parts.database, state: journal.health().state },
        agents: { mode: 'rules' },
        startedAt: parts.startedAt,
        now: clock.now(),
        epoch: parts.epoch,
      }
    },
    coordinator: () => {
      const context = permission.context()
      const counters = Object.entries(context?.counters ?? {})
      return {
        state: permission.control(),
        pauseReasons: context?.pauseReasons ?? [],
        haltReason: context?.haltReason ?? null,
        haltedSymbols: permission.haltedSymbols(),
        degradation: permission.level(),
        failures: Object.fromEntries(counters.map(([cause, counter]) => [cause, counter.failures])),
        reconciliation: permission.isReconciling() ? 'RECONCILING' : 'READY',
        breakers: monitor.risk().breakers,
        mayOpenRisk: permission.mayOpenRisk() && monitor.forbidding().length === 0,
        tasks: schedule.taskStatuses(),
        statistics: context?.statistics ?? NO_STATISTICS,
      }
    },
    positions: operations.list,
    exposure: operations.exposure,
    risk: () => riskStatus(house, parts),
    orders: ({ live, symbol }) =>
      [...books.orders(), ...books.externals().map(externalView)].filter(
        (order) =>
          (live === undefined || isLive(order) === live) && (symbol === undefined || order.request.symbol === symbol),
      ),
    allocation: () => account.view(),
    configuredHodl: () => settings.portfolio.hodl,
    positionSnapshots: parts.snapshots.ofPosition,
    portfolioSnapshots: parts.snapshots.ofPortfolio,
    supervision: () => tree(parts.root),
  }
}
