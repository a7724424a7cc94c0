/** The process's own life: its machine, and what its decisions do to the others. */

import type { AnyActorRef, SnapshotFrom } from 'xstate'
import type { EffectOf } from '../machines/step.ts'
import { type ExitReason, systemMachine } from '../machines/system.machine.ts'
import { assertNever } from '../src/domain/assert.ts'
import type { Timer } from '../src/ports/clock.ts'
import type { DeadMan } from './dead-man.ts'
import type { House } from './house.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { Permission } from './permission.ts'
import type { Reconciler } from './reconciliation.ts'
import { type SteppedLogic, stepped } from './supervision/serving.ts'

export interface SystemParts {
  readonly orders: OrderDesk
  readonly reconciler: Reconciler
  readonly deadMan: DeadMan
  readonly permission: Permission
  /** The process may end now. */
  readonly onEnd: (because: ExitReason, reason: string) => void
}

type SystemEffect = EffectOf<typeof systemMachine>

/** How often a drain looks whether the last entry has ended. */
const DRAIN_LOOK_MS = 100

export interface Lifecycle {
  readonly logic: SteppedLogic
  /** Recovery is over and the feed runs. */
  finishBoot(): void
  /** After a restart: asks again for what the machine waits for, since an answer may have come while nobody was there. */
  resume(ref: AnyActorRef): void
}

export function createLifecycle(
  house: House,
  { orders, reconciler, deadMan, permission, onEnd }: SystemParts,
): Lifecycle {
  const { addresses, books, clock, journal, settings, timers } = house
  let asked = 0
  let isBooted = false
  let nextLook: Timer | null = null

  async function reconcile(): Promise<void> {
    asked += 1
    const question = asked
    const result = await reconciler.pass()
    // Asked again since: what this pass saw of the venue may be older than the doubt.
    if (question !== asked) return
    const seenAt = clock.now()
    if (!result.ok) {
      addresses.tell('system', { type: 'reconciliation.refused', problem: result.problem, seenAt })
      return
    }
    const wasDoubted = permission.isReconciling()
    if (wasDoubted) addresses.tell('coordinator', { type: 'reconciliation.passed', seenAt })
    addresses.tell('system', { type: 'reconciliation.passed', seenAt })
    if (wasDoubted) {
      addresses.tell('risk', { type: 'look-at-risk', seenAt })
      addresses.tell('portfolio', { type: 'trading.allowed', seenAt })
    }
    addresses.tell('schedule', { type: 'start-schedule', seenAt })
  }
  /**
   * Entries are cancelled, stops stay; the end comes when no entry is live, what was filled at the last moment has its stop
   * (or the time for that is over), the dead-man switch is off and everything is on disk.
   */
  function drain(protectUntil: number): void {
    nextLook?.cancel()
    const now = clock.now()
    const isAdding = books
      .liveOrders()
      .some((order) => order.request.intent === 'open' || order.request.book === 'core')
    if (isAdding || !deadMan.isOff || (now < protectUntil && books.barePositions().length > 0)) {
      nextLook = clock.at(now + DRAIN_LOOK_MS, () => drain(protectUntil))
      return
    }
    void journal.settled().then(() => addresses.tell('system', { type: 'system.drained', seenAt: clock.now() }))
  }

  const logic = stepped(systemMachine, {
    unhandled: house.unhandled,
    perform: (_, given) => {
      const effect = given as SystemEffect
      const seenAt = clock.now()
      switch (effect.type) {
        case 'reconcile-account':
          void reconcile()
          return
        case 'begin-doubt':
          addresses.tell('coordinator', { type: 'reconciliation.begun', reason: effect.params.reason, seenAt })
          return
        case 'drain-actors':
          orders.close()
          deadMan.close()
          orders.cancelEntries('the process is stopping')
          return drain(seenAt + settings.positionPolicy.protectMs)
        case 'halt-everything':
          addresses.tell('coordinator', { type: 'halt-trading', reason: effect.params.reason, by: 'system', seenAt })
          return
        case 'end-process':
          nextLook?.cancel()
          return onEnd(effect.params.because, effect.params.reason)
        case 'set-deadline':
          return timers.set('system', effect.params.name, effect.params.at)
        case 'publish-facts':
          for (const fact of effect.params.facts) house.state('system', fact)
          return
        default:
          return assertNever(effect)
      }
    },
  })
  const tellBooted = (): void => {
    addresses.tell('system', { type: 'boot.finished', seenAt: clock.now() })
  }
  return {
    logic,
    finishBoot: () => {
      isBooted = true
      tellBooted()
    },
    resume: (ref) => {
      const { value, context } = (ref.getSnapshot() as { readonly machine: SnapshotFrom<typeof systemMachine> }).machine
      if (value === 'booting' && isBooted) tellBooted()
      if (value === 'reconciling') void reconcile()
      if (value !== 'draining') return
      timers.set('system', 'drain', context.dueAt)
      drain(clock.now() + settings.positionPolicy.protectMs)
    },
  }
}
