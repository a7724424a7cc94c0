/** What a supervisor remembers of its children. It changes in place: copying ten thousand children per event would be quadratic. */
import type { ActorScope, AnyActorRef, Snapshot } from 'xstate'
import type { Clock, RandomSource, Timer } from '../../src/ports/clock.ts'
import type { ChildSpec } from './child-spec.ts'
import type { Backoff, Intensity, Strategy } from './policy.ts'
import { problemText, type StopReason, type SupervisionEvent } from './supervision-event.ts'

export type Ending = { readonly kind: 'done' } | { readonly kind: 'crashed'; readonly error: unknown }

export interface Child {
  readonly spec: ChildSpec
  /** The present incarnation; null while none runs. */
  ref: AnyActorRef | null
  /** How the present incarnation ended, until the supervisor has dealt with it. */
  ending: Ending | null
  status: 'running' | 'restarting' | 'stopped' | 'gaveUp'
  /** True when it ended for good: it is not brought back with its siblings or its supervisor. */
  finished: boolean
  restarts: number
  attempt: number
  startedAt: number
  lastError: string | null
  /** The last state that was emitted without a crash. */
  checkpoint: Snapshot<unknown> | null
  /** The pending restart it is part of. */
  plan: number | null
}

/** Children that come back together, in start order. */
export interface RestartPlan {
  readonly ids: readonly string[]
  readonly problem: string
  /** Null once it has fired: then the plan waits for `beforeRestart`. */
  timer: Timer | null
}

export interface Draining {
  readonly deadlineAt: number
  readonly timer: Timer
  /** Children whose turn has not come, the next one last. */
  readonly queue: Child[]
  /** Children that were asked and are not done yet. */
  readonly asked: Set<string>
}

export interface Rules {
  readonly name: string
  readonly strategy: Strategy
  readonly intensity: Intensity
  readonly backoff: Backoff
  readonly clock: Clock
  readonly random: RandomSource | null
  /** A pool: children come and go at run time, and those that ended for good are forgotten. */
  readonly dynamic: boolean
  readonly report: (event: SupervisionEvent) => void
}

export class Supervision {
  readonly rules: Rules
  readonly roster = new Map<string, Child>()
  readonly plans = new Map<number, RestartPlan>()
  /** True when this supervisor itself was restarted with its former children. */
  readonly reborn: boolean
  restartTimes: readonly number[] = []
  plansMade = 0
  draining: Draining | null = null
  /** The last error thrown by the report callback; shown in the tree, since it cannot be reported. */
  reportProblem: string | null = null

  constructor(rules: Rules, reborn: boolean) {
    this.rules = rules
    this.reborn = reborn
  }
}

export type SupervisorCommand =
  /** Pools only. */
  | { readonly type: 'spawn-child'; readonly spec: ChildSpec }
  /** Pools only. */
  | { readonly type: 'stop-child'; readonly id: string }
  /** Without a finite `deadlineAt` (ms) it is not accepted. */
  | { readonly type: 'drain'; readonly deadlineAt: number }

export type SupervisorEvent =
  | SupervisorCommand
  | { readonly type: 'supervision.child-ended'; readonly id: string }
  | { readonly type: 'supervision.restart-due'; readonly plan: number }
  | { readonly type: 'supervision.restart-ready'; readonly plan: number }
  | {
      readonly type: 'supervision.restart-refused'
      readonly plan: number
      readonly id: string
      readonly error: unknown
    }
  | { readonly type: 'supervision.drain-deadline' }

export type SupervisorSnapshot = Snapshot<undefined> & { readonly supervision: Supervision }
export type SupervisorScope = ActorScope<SupervisorSnapshot, SupervisorEvent>

/** A child that has not started yet. */
export function enlist(supervision: Supervision, spec: ChildSpec): void {
  supervision.roster.set(spec.id, {
    spec,
    ref: null,
    ending: null,
    status: 'stopped',
    finished: false,
    restarts: 0,
    attempt: 0,
    startedAt: 0,
    lastError: null,
    checkpoint: null,
    plan: null,
  })
}

/** The children of a former supervisor, with their checkpoints and counts; temporary ones do not come back. */
export function enlistFormer(supervision: Supervision, former: Supervision): void {
  for (const child of former.roster.values()) {
    const { spec, restarts, lastError, checkpoint } = child
    const finished = child.finished || spec.restart === 'temporary'
    if (finished && supervision.rules.dynamic) continue
    enlist(supervision, spec)
    const heir = supervision.roster.get(spec.id)
    if (heir) Object.assign(heir, { restarts, lastError, checkpoint, finished })
  }
}

/** A child that ended for good: a pool forgets it, a fixed supervisor shows it as stopped. */
export function retire(supervision: Supervision, child: Child, status: 'stopped' | 'gaveUp' = 'stopped'): void {
  child.finished = true
  child.status = status
  if (supervision.rules.dynamic) supervision.roster.delete(child.spec.id)
}

type ChildNews<E = SupervisionEvent> = E extends { readonly child: string }
  ? Omit<E, 'at' | 'supervisor' | 'child'>
  : never

/** Tells the world about one child. */
export function reportChild(supervision: Supervision, child: string, news: ChildNews): void {
  const { name, clock } = supervision.rules
  report(supervision, { ...news, at: clock.now(), supervisor: name, child })
}

export function reportStopped(supervision: Supervision, child: Child, reason: StopReason): void {
  reportChild(supervision, child.spec.id, { type: 'child.stopped', reason })
}

/** Hands an event to the report callback, which must never bring the supervisor down. */
export function report(supervision: Supervision, event: SupervisionEvent): void {
  try {
    supervision.rules.report(event)
  } catch (error) {
    supervision.reportProblem = `reporting ${event.type} failed: ${problemText(error)}`
  }
}
