/**
 * Stopping gracefully: children are asked to finish in reverse order, and the supervisor is done when the last one is.
 * Independent children (one_for_one) are asked all at once, dependent ones one after the other.
 */
import type { AnyActorRef } from 'xstate'
import { dismiss, stopAll } from './incarnation.ts'
import type { Child, Supervision, SupervisorScope, SupervisorSnapshot } from './roster.ts'
import { problemText } from './supervision-event.ts'

/** Asks a supervisor to finish by `deadlineAt` (ms); what still runs then is stopped. Fits as `drain` of a nested supervisor's spec. */
export function drainTree(ref: AnyActorRef, deadlineAt: number): void {
  ref.send({ type: 'drain', deadlineAt })
}

/** From here on nothing is restarted and nothing new is taken in. */
export function beginDraining(
  snapshot: SupervisorSnapshot,
  deadlineAt: number,
  scope: SupervisorScope,
): SupervisorSnapshot {
  const { supervision } = snapshot
  if (supervision.draining !== null) return snapshot
  for (const child of [...supervision.roster.values()]) {
    if (child.ref === null && !child.finished) dismiss(scope, supervision, child, 'supervisor')
  }
  const timer = supervision.rules.clock.at(deadlineAt, () => scope.self.send({ type: 'supervision.drain-deadline' }))
  const queue = [...supervision.roster.values()].filter((child) => child.ref !== null)
  supervision.draining = { deadlineAt, timer, queue, asked: new Set() }
  return continueDraining(snapshot, scope)
}

/** Asks whose turn it is; done when no one is left. */
export function continueDraining(snapshot: SupervisorSnapshot, scope: SupervisorScope): SupervisorSnapshot {
  const { supervision } = snapshot
  const { draining, rules } = supervision
  if (draining === null) return snapshot
  while (rules.strategy === 'one_for_one' || draining.asked.size === 0) {
    const child = draining.queue.pop()
    if (child === undefined) break
    if (child.ref !== null) askToFinish(scope, supervision, child, child.ref, draining.deadlineAt)
  }
  if (draining.queue.length > 0 || draining.asked.size > 0) return snapshot
  draining.timer.cancel()
  return { status: 'done', output: undefined, error: undefined, supervision }
}

function askToFinish(
  scope: SupervisorScope,
  supervision: Supervision,
  child: Child,
  ref: AnyActorRef,
  deadlineAt: number,
): void {
  const { id, drain } = child.spec
  if (drain === undefined) {
    dismiss(scope, supervision, child, 'drained')
    return
  }
  supervision.draining?.asked.add(id)
  try {
    drain(ref, deadlineAt)
  } catch (error) {
    child.ending ??= { kind: 'crashed', error: new Error(`drain failed: ${problemText(error)}`) }
    scope.self.send({ type: 'supervision.child-ended', id })
  }
}

/** A child that ended while the supervisor drains makes room for the next. */
export function endedWhileDraining(
  snapshot: SupervisorSnapshot,
  id: string,
  scope: SupervisorScope,
): SupervisorSnapshot {
  snapshot.supervision.draining?.asked.delete(id)
  return continueDraining(snapshot, scope)
}

/** Time is up: what still runs is stopped, last first. */
export function endDraining(snapshot: SupervisorSnapshot, scope: SupervisorScope): SupervisorSnapshot {
  const { supervision } = snapshot
  stopAll(scope, supervision, 'deadline')
  return { status: 'done', output: undefined, error: undefined, supervision }
}
