/** What happens when a child ends: it is left, brought back with those it concerns, or the supervisor gives up. */
import type { Timer } from '../../src/ports/clock.ts'
import { startInOrder, stopAll, stopChild, takeDown } from './incarnation.ts'
import { affectedBy, backoffDelayMs, comesBack, nextAttempt, recordRestart } from './policy.ts'
import {
  type Child,
  type Ending,
  reportChild,
  reportStopped,
  retire,
  type Supervision,
  type SupervisorScope,
  type SupervisorSnapshot,
} from './roster.ts'
import { problemText, SupervisorGaveUp } from './supervision-event.ts'

/** Deals with the end of a child; a late word about a former incarnation changes nothing. */
export function childEnded(snapshot: SupervisorSnapshot, id: string, scope: SupervisorScope): SupervisorSnapshot {
  const { supervision } = snapshot
  const child = supervision.roster.get(id)
  const ending = child?.ending
  if (child === undefined || ending === null || ending === undefined) return snapshot
  takeDown(scope, child)
  if (ending.kind === 'crashed') child.lastError = problemText(ending.error)
  else child.checkpoint = null
  if (supervision.draining === null && comesBack(child.spec.restart, ending.kind)) {
    return restart(snapshot, child, ending, scope)
  }
  reportEnding(supervision, child, ending, null)
  retire(supervision, child)
  return snapshot
}

/** A `beforeRestart` rejected: the whole plan is tried again later, on the same budget. */
export function restartRefused(
  snapshot: SupervisorSnapshot,
  refusal: { readonly plan: number; readonly id: string; readonly error: unknown },
  scope: SupervisorScope,
): SupervisorSnapshot {
  const { supervision } = snapshot
  const plan = supervision.plans.get(refusal.plan)
  const child = supervision.roster.get(refusal.id)
  if (plan === undefined || child === undefined) return snapshot
  supervision.plans.delete(refusal.plan)
  child.startedAt = supervision.rules.clock.now()
  child.lastError = problemText(refusal.error)
  return restart(snapshot, child, { kind: 'crashed', error: refusal.error }, scope, plan.ids)
}

function restart(
  snapshot: SupervisorSnapshot,
  child: Child,
  ending: Ending,
  scope: SupervisorScope,
  planned: readonly string[] | null = null,
): SupervisorSnapshot {
  const { supervision } = snapshot
  const { clock, intensity, backoff, random } = supervision.rules
  const now = clock.now()
  const budget = recordRestart(supervision.restartTimes, now, intensity)
  supervision.restartTimes = budget.times
  if (budget.exceeded) return giveUp(snapshot, child, ending, scope)
  child.attempt = nextAttempt(child.attempt, now - child.startedAt, backoff)
  const delayMs = backoffDelayMs(child.attempt, backoff, random)
  reportEnding(supervision, child, ending, delayMs)
  const ids = planned ?? takeAlong(scope, supervision, child)
  // Never synchronously: the child, or a sibling stopped with it, may still be in the middle of its own transition.
  planRestart(supervision, ids, endingText(child, ending), (plan) =>
    clock.at(now + delayMs, () => scope.self.send({ type: 'supervision.restart-due', plan })),
  )
  return snapshot
}

/** Stops the siblings this end concerns, last first; returns all that come back, in start order. */
function takeAlong(scope: SupervisorScope, supervision: Supervision, culprit: Child): readonly string[] {
  const { roster, rules } = supervision
  const affected = affectedBy(rules.strategy, roster.keys(), culprit.spec.id).flatMap((id) => roster.get(id) ?? [])
  for (const child of affected.toReversed()) {
    if (child === culprit) continue
    stopChild(scope, supervision, child, 'sibling')
    if (child.spec.restart === 'temporary') retire(supervision, child)
  }
  return affected.filter((child) => !child.finished).map((child) => child.spec.id)
}

function planRestart(
  supervision: Supervision,
  ids: readonly string[],
  problem: string,
  wait: (plan: number) => Timer | null,
): number {
  supervision.plansMade += 1
  const token = supervision.plansMade
  supervision.plans.set(token, { ids, problem, timer: wait(token) })
  for (const id of ids) {
    const child = supervision.roster.get(id)
    if (child === undefined) continue
    child.plan = token
    child.status = 'restarting'
  }
  return token
}

/** Brings the children of a former supervisor back, through their `beforeRestart` like after any crash. */
export function bringBack(supervision: Supervision, ids: readonly string[], scope: SupervisorScope): void {
  const groups = supervision.rules.strategy === 'one_for_one' ? ids.map((id) => [id]) : [ids]
  for (const group of groups) {
    const plan = planRestart(supervision, group, 'its supervisor was restarted', () => null)
    restartDue(supervision, plan, scope)
  }
}

/** The wait is over: asks each child's `beforeRestart`, all at once, then starts; nothing when the plan was dropped meanwhile. */
export function restartDue(supervision: Supervision, token: number, scope: SupervisorScope): void {
  const plan = supervision.plans.get(token)
  if (plan === undefined) return
  plan.timer = null
  const hooks = plan.ids.flatMap((id) => {
    const hook = supervision.roster.get(id)?.spec.beforeRestart
    return hook === undefined ? [] : [{ id, hook }]
  })
  if (hooks.length === 0) {
    restartReady(supervision, token, scope)
    return
  }
  void Promise.allSettled(hooks.map(async ({ id, hook }) => hook(id))).then((answers) => {
    const refusals = answers.flatMap((answer, index) =>
      answer.status === 'rejected' ? [{ id: hooks[index]?.id ?? '', error: answer.reason as unknown }] : [],
    )
    const [refusal] = refusals
    if (refusal === undefined) scope.self.send({ type: 'supervision.restart-ready', plan: token })
    else scope.self.send({ type: 'supervision.restart-refused', plan: token, ...refusal })
  })
}

/** Starts the children of a plan, in order. */
export function restartReady(supervision: Supervision, token: number, scope: SupervisorScope): void {
  const plan = supervision.plans.get(token)
  if (plan === undefined) return
  supervision.plans.delete(token)
  for (const id of plan.ids) {
    const child = supervision.roster.get(id)
    if (child) child.plan = null
  }
  startInOrder(scope, supervision, plan.ids, plan.problem)
}

/** Stops everything and fails, which the supervisor above sees as the crash of an ordinary child. */
function giveUp(
  snapshot: SupervisorSnapshot,
  child: Child,
  ending: Ending,
  scope: SupervisorScope,
): SupervisorSnapshot {
  const { supervision } = snapshot
  const { name, intensity } = supervision.rules
  const problem = endingText(child, ending)
  reportEnding(supervision, child, ending, null)
  child.status = 'gaveUp'
  // A state that used the whole budget up is not a good one: if the supervisor comes back, this child begins with input().
  child.checkpoint = null
  reportChild(supervision, child.spec.id, { type: 'child.gaveUp', restarts: child.restarts, problem })
  stopAll(scope, supervision, 'supervisor')
  const budget = `${intensity.restarts} restarts within ${intensity.periodMs} ms`
  const cause = ending.kind === 'crashed' ? ending.error : new Error(problem)
  const error = new SupervisorGaveUp(name, child.spec.id, budget, cause)
  return { status: 'error', output: undefined, error, supervision }
}

function endingText(child: Child, ending: Ending): string {
  return ending.kind === 'crashed' ? (child.lastError ?? '') : 'it was done, but is permanent'
}

function reportEnding(supervision: Supervision, child: Child, ending: Ending, restartInMs: number | null): void {
  const problem = endingText(child, ending)
  if (ending.kind === 'crashed')
    reportChild(supervision, child.spec.id, { type: 'child.crashed', problem, restartInMs })
  else reportStopped(supervision, child, supervision.draining === null ? 'done' : 'drained')
}
