/** The top of the tree, and watching it from outside without being able to hurt it. */
import { type Actor, type AnyActorRef, createActor, type InspectionEvent, type Snapshot } from 'xstate'
import type { Clock, Timer } from '../../src/ports/clock.ts'
import type { SupervisorLogic } from './supervisor.ts'

export interface RootOptions {
  readonly logic: SupervisorLogic
  readonly id: string
  readonly clock: Clock
  /** The root's budget is spent, everything is stopped: `SupervisorGaveUp` with its chain of causes. Must not throw. */
  readonly onGaveUp: (error: unknown) => void
  /** The root was drained or stopped. Must not throw. */
  readonly onStopped?: () => void
  /** Sees every event and snapshot of the system; what `next` throws goes to `onError`, which must not throw. */
  readonly inspect?: { readonly next: (event: InspectionEvent) => void; readonly onError: (error: unknown) => void }
}

/**
 * Starts a whole tree. Its last error goes to `onGaveUp`, never to `uncaughtException`, and XState's own delayed events
 * run on the given clock. Stop it at once with `.stop()`, or gracefully with `drainTree`.
 */
export function startRoot(options: RootOptions): Actor<SupervisorLogic> {
  const { logic, id, clock, inspect, onGaveUp, onStopped } = options
  const root = createActor(logic, {
    id,
    clock: {
      setTimeout: (callback: () => void, delayMs: number) => clock.at(clock.now() + delayMs, callback),
      clearTimeout: (timer: Timer) => timer.cancel(),
    },
    ...(inspect === undefined ? {} : { inspect: guarded(inspect.next, inspect.onError) }),
  })
  root.subscribe({ error: onGaveUp, ...(onStopped === undefined ? {} : { complete: onStopped }) })
  return root.start()
}

/**
 * Calls `next` with each state of an actor; what it throws goes to `onError`. Use it instead of `subscribe`: an observer
 * without an error callback turns a crash the supervisor has dealt with into an uncaught exception. Returns how to stop.
 */
export function watch(
  ref: AnyActorRef,
  next: (snapshot: Snapshot<unknown>) => void,
  onError: (error: unknown) => void,
): () => void {
  // The crash itself is the supervisor's business and is reported there.
  const subscription = ref.subscribe({ next: guarded(next, onError), error: () => {} })
  return () => subscription.unsubscribe()
}

/** XState throws an inspector's error into whoever sent the event, or kills the inspected actor: so it must never get out. */
function guarded<T>(observe: (seen: T) => void, onError: (error: unknown) => void): (seen: T) => void {
  return (seen) => {
    try {
      observe(seen)
    } catch (error) {
      onError(error)
    }
  }
}
