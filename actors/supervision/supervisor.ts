/**
 * OTP supervisors for XState 5, as actor logic and not as a machine: a machine parent copies all its children on each
 * spawn, cannot restore a child from a snapshot, and dies of a crash it has no transition for.
 *
 * XState delivers synchronously, but an actor's mailbox takes one event at a time: what children do to their supervisor
 * while it is in a transition, it hears afterwards.
 */
import type { ActorLogic, Snapshot } from 'xstate'
import type { Clock, RandomSource } from '../../src/ports/clock.ts'
import { type ChildSpec, InvalidSupervision, problemsOfChildren, problemsOfLimits } from './child-spec.ts'
import { beginDraining, endDraining, endedWhileDraining } from './drain.ts'
import { startInOrder, stopAll } from './incarnation.ts'
import { spawnChild, stopMember } from './membership.ts'
import type { Backoff, Intensity, Strategy } from './policy.ts'
import { bringBack, childEnded, restartDue, restartReady, restartRefused } from './restart.ts'
import {
  enlist,
  enlistFormer,
  type Rules,
  report,
  Supervision,
  type SupervisorEvent,
  type SupervisorScope,
  type SupervisorSnapshot,
} from './roster.ts'
import type { SupervisionEvent } from './supervision-event.ts'

export type SupervisorLogic = ActorLogic<SupervisorSnapshot, SupervisorEvent>

export interface PoolOptions {
  readonly name: string
  readonly intensity: Intensity
  readonly backoff: Backoff
  readonly clock: Clock
  /** Needed when `backoff.jitter` is set. */
  readonly random?: RandomSource
  /** Hears everything as plain data, synchronously; what it throws is shown in `tree()` and goes no further. */
  readonly report: (event: SupervisionEvent) => void
}

export interface SupervisorOptions extends PoolOptions {
  readonly strategy: Strategy
  /** In start order; each may depend on those before it. A child may be a supervisor itself. */
  readonly children: readonly ChildSpec[]
}

/**
 * A supervisor of a fixed list of children. Beyond its budget it stops them all and fails with `SupervisorGaveUp`.
 * Restarted by a supervisor above with `restore: 'last-good'`, it brings its former children back from their own
 * checkpoints (in memory only; it is not made to be written to disk); with `fresh` it begins anew.
 * Throws `InvalidSupervision`, naming every problem, before anything starts.
 */
export function supervisor(options: SupervisorOptions): SupervisorLogic {
  const { children, random = null } = options
  const problems = [...problemsOfLimits({ ...options, hasRandom: random !== null }), ...problemsOfChildren(children)]
  if (problems.length > 0) throw new InvalidSupervision(options.name, problems)
  return supervisorLogic({ ...options, random, dynamic: false }, children)
}

/**
 * A one_for_one supervisor whose children come by `spawn-child`, go by `stop-child`, and are forgotten when they end for
 * good. Spawning and stopping one child costs the same however many there are.
 * Throws `InvalidSupervision`, naming every problem, before anything starts.
 */
export function pool(options: PoolOptions): SupervisorLogic {
  const { random = null } = options
  const strategy = 'one_for_one'
  const problems = problemsOfLimits({ ...options, strategy, hasRandom: random !== null })
  if (problems.length > 0) throw new InvalidSupervision(options.name, problems)
  return supervisorLogic({ ...options, strategy, random, dynamic: true }, [])
}

function supervisorLogic(rules: Rules, specs: readonly ChildSpec[]): SupervisorLogic {
  const fresh = (): SupervisorSnapshot => {
    const supervision = new Supervision(rules, false)
    for (const spec of specs) enlist(supervision, spec)
    return active(supervision)
  }
  return {
    getInitialSnapshot: fresh,
    restoreSnapshot: (former: Snapshot<unknown> & { readonly supervision?: unknown }) => {
      if (!(former.supervision instanceof Supervision))
        throw new Error(`${rules.name} cannot be restored from this state`)
      const supervision = new Supervision(rules, true)
      enlistFormer(supervision, former.supervision)
      return active(supervision)
    },
    getPersistedSnapshot: (snapshot) => snapshot,
    start: ({ supervision }, scope) => {
      const ids = [...supervision.roster.values()].filter((child) => !child.finished).map((child) => child.spec.id)
      if (supervision.reborn) bringBack(supervision, ids, scope)
      else startInOrder(scope, supervision, ids, null)
    },
    transition,
  }
}

function active(supervision: Supervision): SupervisorSnapshot {
  return { status: 'active', output: undefined, error: undefined, supervision }
}

/** What XState itself sends to a parent. */
type SystemEvent =
  | { readonly type: 'xstate.stop' }
  | { readonly type: `xstate.${'error' | 'done'}.actor.${string}`; readonly actorId: string }

function transition(
  snapshot: SupervisorSnapshot,
  event: SupervisorEvent | SystemEvent,
  scope: SupervisorScope,
): SupervisorSnapshot {
  const { supervision } = snapshot
  if ('actorId' in event) return settle(snapshot, event.actorId, scope)
  switch (event.type) {
    case 'xstate.stop':
      stopAll(scope, supervision, 'supervisor')
      return { status: 'stopped', output: undefined, error: undefined, supervision }
    case 'supervision.child-ended':
      return settle(snapshot, event.id, scope)
    case 'supervision.restart-due':
      restartDue(supervision, event.plan, scope)
      return snapshot
    case 'supervision.restart-ready':
      restartReady(supervision, event.plan, scope)
      return snapshot
    case 'supervision.restart-refused':
      return restartRefused(snapshot, event, scope)
    case 'drain':
      if (!Number.isFinite(event.deadlineAt)) return unhandled(snapshot, event)
      return beginDraining(snapshot, event.deadlineAt, scope)
    case 'supervision.drain-deadline':
      return endDraining(snapshot, scope)
    case 'spawn-child':
      if (!supervision.rules.dynamic) return unhandled(snapshot, event)
      spawnChild(supervision, event.spec, scope)
      return snapshot
    case 'stop-child':
      if (!supervision.rules.dynamic) return unhandled(snapshot, event)
      stopMember(supervision, event.id, scope)
      return snapshot
    default:
      return unhandled(snapshot, event)
  }
}

function settle(snapshot: SupervisorSnapshot, id: string, scope: SupervisorScope): SupervisorSnapshot {
  const next = childEnded(snapshot, id, scope)
  return next.supervision.draining === null ? next : endedWhileDraining(next, id, scope)
}

function unhandled(snapshot: SupervisorSnapshot, event: { readonly type: string }): SupervisorSnapshot {
  const { supervision } = snapshot
  const { name, clock } = supervision.rules
  report(supervision, { type: 'supervisor.unhandled', at: clock.now(), supervisor: name, event: event.type })
  return snapshot
}
