/**
 * What the API and pages read: one store each for orders, positions, coordinator and allocation. Facts mark a store
 * dirty, and it is refreshed from the desk at most every 100 ms; ticks never come here.
 */
import { createStore } from '@xstate/store'
import type { FactType } from '../domain/facts.ts'
import type { OrderView } from '../domain/order.ts'
import type { AllocationView } from '../domain/portfolio.ts'
import type { PositionView } from '../domain/position.ts'
import { TOPICS, type Topic } from '../domain/topics.ts'
import type { Bus } from '../ports/bus.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { CoordinatorStatus, Desk } from '../ports/desk.ts'
import type { Log } from '../ports/log.ts'

const REFRESH_MS = 100
/** No fact tells of a task that ran well: what is older than this is read afresh when asked for. */
const COORDINATOR_MAX_AGE_MS = 1_000
const SUBSCRIBER = 'api'

interface ReadModel<T> {
  /**
   * As of the last refresh; the first call reads the desk.
   * @throws whatever the desk throws when it has to be asked now.
   */
  current(): T
  /** Hears every refresh. What a listener throws is logged and reaches nobody else. Returns how to stop hearing. */
  subscribe(listener: (value: T) => void): () => void
}

export interface ReadModels {
  readonly orders: ReadModel<readonly OrderView[]>
  readonly positions: ReadModel<readonly PositionView[]>
  readonly coordinator: ReadModel<CoordinatorStatus>
  readonly allocation: ReadModel<AllocationView | null>
  /** Leaves the bus and cancels what waits. */
  stop(): void
}

export interface ReadModelParts {
  readonly desk: Desk
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
}

type ModelName = 'orders' | 'positions' | 'coordinator' | 'allocation'
const ALL: readonly ModelName[] = ['orders', 'positions', 'coordinator', 'allocation']

const CHANGED_BY: Readonly<Partial<Record<Topic, readonly ModelName[]>>> = {
  EXECUTION_EVENTS: ['orders', 'positions', 'coordinator', 'allocation'],
  // A charge on margin is told of the account, and is a cost of its position.
  PORTFOLIO_UPDATES: ['positions', 'coordinator', 'allocation'],
  SYSTEM_EVENTS: ['coordinator'],
  RISK_ALERTS: ['orders', 'positions', 'coordinator'],
}
/** After these, anything may be different. */
const CHANGES_ALL: readonly FactType[] = ['system.recovered', 'reconciliation.completed', 'actor.restarted']

interface Refreshable<T> extends ReadModel<T> {
  readonly name: ModelName
  refresh(): void
}

interface ModelParts<T> {
  readonly name: ModelName
  readonly clock: Clock
  readonly log: Log
  readonly maxAgeMs: number
  readonly read: () => T
}

const problemOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

function createModel<T>({ name, clock, log, maxAgeMs, read }: ModelParts<T>): Refreshable<T> {
  const store = createStore({
    context: { value: null as { readonly of: T } | null },
    on: { refreshed: (_context, event: { value: { readonly of: T } }) => ({ value: event.value }) },
  })
  let refreshedAt: number | null = null
  const refresh = (): void => {
    // Null first: should the desk throw, the next one to ask reads again instead of trusting what is stale.
    refreshedAt = null
    const value = { of: read() }
    refreshedAt = clock.now()
    store.trigger.refreshed({ value })
  }
  return {
    name,
    refresh,
    current: () => {
      // Also when the clock was set back, which would make old news look fresh.
      if (refreshedAt === null || Math.abs(clock.now() - refreshedAt) >= maxAgeMs) refresh()
      const { value } = store.getSnapshot().context
      return value === null ? read() : value.of
    },
    // A store lets a throwing subscriber throw into the sender and starve the others: hence the guard.
    subscribe: (listener) => {
      const subscription = store.subscribe(({ context }) => {
        if (context.value === null) return
        try {
          listener(context.value.of)
        } catch (thrown) {
          log.error('a listener of a read model failed', { model: name, problem: problemOf(thrown) })
        }
      })
      return () => subscription.unsubscribe()
    },
  }
}

/**
 * Subscribes to the bus as `api` and keeps the stores. A timer exists only while something is dirty, so a simulated
 * clock can run out. What the desk throws during a refresh is logged; the next read asks it again.
 */
export function createReadModels({ desk, bus, clock, log }: ReadModelParts): ReadModels {
  const base = { clock, log, maxAgeMs: Number.POSITIVE_INFINITY }
  const orders = createModel({ ...base, name: 'orders', read: () => desk.orders({}) })
  const positions = createModel({ ...base, name: 'positions', read: () => desk.positions({}) })
  const allocation = createModel({ ...base, name: 'allocation', read: () => desk.allocation() })
  const coordinator = createModel({
    ...base,
    name: 'coordinator',
    maxAgeMs: COORDINATOR_MAX_AGE_MS,
    read: () => desk.coordinator(),
  })
  const models: readonly Refreshable<unknown>[] = [orders, positions, coordinator, allocation]
  const dirty = new Set<ModelName>()
  let timer: Timer | null = null
  let lastAt = Number.NEGATIVE_INFINITY

  const refreshDirty = (): void => {
    timer = null
    lastAt = clock.now()
    for (const model of models) {
      if (!dirty.delete(model.name)) continue
      try {
        model.refresh()
      } catch (thrown) {
        log.error('a read model could not be refreshed', { model: model.name, problem: problemOf(thrown) })
      }
    }
  }
  const mark = (names: readonly ModelName[]): void => {
    for (const name of names) dirty.add(name)
    const now = clock.now()
    // Never further off than one period, also when the clock was set back.
    timer ??= clock.at(Math.min(now + REFRESH_MS, Math.max(now, lastAt + REFRESH_MS)), refreshDirty)
  }

  const topics = TOPICS.filter((topic) => CHANGED_BY[topic] !== undefined)
  for (const topic of topics) {
    const names = CHANGED_BY[topic] ?? ALL
    bus.subscribe(SUBSCRIBER, topic, ({ payload }) => mark(CHANGES_ALL.includes(payload.type) ? ALL : names))
  }

  return {
    orders,
    positions,
    coordinator,
    allocation,
    stop: () => {
      for (const topic of topics) bus.unsubscribe(SUBSCRIBER, topic)
      timer?.cancel()
      timer = null
      dirty.clear()
    },
  }
}
