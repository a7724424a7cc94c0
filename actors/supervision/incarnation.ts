/** One life of one child: created, watched, started, stopped. Nothing it does may throw into its supervisor. */
import { type AnyActorRef, createActor, type Snapshot } from 'xstate'
import { childrenOf, killAll } from './kill-tree.ts'
import { comesBack } from './policy.ts'
import { type Child, reportChild, reportStopped, retire, type Supervision, type SupervisorScope } from './roster.ts'
import { problemText, type StopReason } from './supervision-event.ts'

/**
 * Starts children in order, once the supervisor's transition is over. Where siblings depend on each other, the first one
 * that fails ends the round: the failure's own restart brings up the rest.
 */
export function startInOrder(
  scope: SupervisorScope,
  supervision: Supervision,
  ids: readonly string[],
  restartedBecause: string | null,
): void {
  scope.defer(() => {
    for (const id of ids) {
      const child = supervision.roster.get(id)
      if (child === undefined) continue
      startChild(scope, supervision, child, restartedBecause)
      const failed = child.ending !== null && comesBack(child.spec.restart, child.ending.kind)
      if (failed && supervision.rules.strategy !== 'one_for_one') return
    }
  })
}

function startChild(
  scope: SupervisorScope,
  supervision: Supervision,
  child: Child,
  restartedBecause: string | null,
): void {
  const { spec } = child
  const checkpoint = spec.restore === 'fresh' ? null : child.checkpoint
  child.status = 'running'
  child.startedAt = supervision.rules.clock.now()
  if (restartedBecause !== null) child.restarts += 1
  try {
    const ref = createActor(spec.logic, {
      parent: scope.self,
      id: spec.id,
      ...(spec.systemId === undefined ? {} : { systemId: spec.systemId }),
      ...(checkpoint === null ? { input: spec.input?.() } : { snapshot: checkpoint }),
    })
    child.ref = ref
    watchOver(supervision, child, ref)
    ref.start()
    if (restartedBecause !== null && child.ending === null) spec.onRestored?.(ref)
  } catch (error) {
    child.ending ??= { kind: 'crashed', error }
    scope.self.send({ type: 'supervision.child-ended', id: spec.id })
  }
  if (child.ending?.kind === 'crashed') return
  if (restartedBecause === null) reportChild(supervision, spec.id, { type: 'child.started' })
  else {
    const from = checkpoint === null ? 'fresh' : 'last-good'
    const { restarts } = child
    reportChild(supervision, spec.id, { type: 'child.restarted', restarts, from, problem: restartedBecause })
  }
}

/**
 * XState tells a parent only the id of a child that ended, which may be a former incarnation's: so how it ended is noted
 * here, on the incarnation, and the parent's event is merely the wake-up. The error callback also keeps XState from
 * rethrowing the child's error as an uncaught exception.
 */
function watchOver(supervision: Supervision, child: Child, ref: AnyActorRef): void {
  ref.subscribe({
    next: (snapshot: Snapshot<unknown>) => {
      if (child.ref !== ref) return
      if (snapshot.status === 'done') child.ending = { kind: 'done' }
      if (snapshot.status === 'active') keepCheckpoint(supervision, child, ref)
    },
    error: (error: unknown) => {
      if (child.ref === ref) child.ending ??= { kind: 'crashed', error }
      else reportCrashWhileStopping(supervision, child, error)
    },
  })
}

/** Taken at once and not at the crash: by then an invoked child may have lost what it was started with. */
function keepCheckpoint(supervision: Supervision, child: Child, ref: AnyActorRef): void {
  if (child.spec.restore === 'fresh' || child.spec.restart === 'temporary') return
  try {
    child.checkpoint = ref.getPersistedSnapshot()
  } catch (error) {
    child.checkpoint = null
    reportChild(supervision, child.spec.id, { type: 'child.notCheckpointed', problem: problemText(error) })
  }
}

function reportCrashWhileStopping(supervision: Supervision, child: Child, error: unknown): void {
  child.lastError = problemText(error)
  reportChild(supervision, child.spec.id, { type: 'child.crashed', problem: child.lastError, restartInMs: null })
}

/** Takes the present incarnation and everything beneath it down; silent, and harmless when none runs. */
export function takeDown(scope: SupervisorScope, child: Child): void {
  const { ref } = child
  child.ref = null
  child.ending = null
  if (ref === null) return
  const beneath = childrenOf(ref)
  scope.stopChild(ref)
  killAll(beneath)
}

/** Stops one child, if it runs, and says so. It may be started again. */
export function stopChild(scope: SupervisorScope, supervision: Supervision, child: Child, reason: StopReason): void {
  const ran = child.ref !== null
  dropPlan(supervision, child)
  takeDown(scope, child)
  if (child.status !== 'gaveUp') child.status = 'stopped'
  if (ran) reportStopped(supervision, child, reason)
}

/** Stops all children, the last started first, and drops every pending restart. The roster stays, for a restart of the supervisor. */
export function stopAll(scope: SupervisorScope, supervision: Supervision, reason: StopReason): void {
  supervision.draining?.timer.cancel()
  for (const child of [...supervision.roster.values()].reverse()) stopChild(scope, supervision, child, reason)
}

/** Stops one child for good. */
export function dismiss(scope: SupervisorScope, supervision: Supervision, child: Child, reason: StopReason): void {
  stopChild(scope, supervision, child, reason)
  retire(supervision, child)
}

function dropPlan(supervision: Supervision, child: Child): void {
  if (child.plan === null) return
  supervision.plans.get(child.plan)?.timer?.cancel()
  supervision.plans.delete(child.plan)
  child.plan = null
}
