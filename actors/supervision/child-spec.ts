/** Children are data, checked before anything starts. */
import type { ActorRefFromLogic, AnyActorLogic, AnyActorRef, InputFrom } from 'xstate'
import { type Backoff, type Intensity, type RestartKind, restartKinds, type Strategy, strategies } from './policy.ts'

export interface ChildSpec {
  /** Unique among its siblings; never invented, so that a restart finds the same name. */
  readonly id: string
  readonly logic: AnyActorLogic
  /** Read afresh at each start that does not restore a checkpoint. Throwing counts as a crash during start. */
  readonly input?: () => unknown
  /** permanent: always comes back; transient: only after a crash; temporary: never. */
  readonly restart: RestartKind
  /**
   * What a restart begins with. `last-good` (default): the last state that was emitted without a crash; `fresh`: `input()`.
   * XState loses pending `after` timers and repeats invoked promises on restore: re-arm deadlines in `onRestored`.
   */
  readonly restore?: 'last-good' | 'fresh'
  /** A name for `system.get()`, unique in the whole actor system. */
  readonly systemId?: string
  /** Awaited before the child may come back, e.g. for the former one's pending writes. Rejecting counts as a crash; must settle. */
  readonly beforeRestart?: (id: string) => Promise<void>
  /** Called with the running child after a restart, e.g. to send it a recover command. Throwing counts as a crash. */
  readonly onRestored?: (ref: AnyActorRef) => void
  /** Asks the child to finish by `deadlineAt` (ms) and be done. Absent: the child is simply stopped when its turn comes. */
  readonly drain?: (ref: AnyActorRef, deadlineAt: number) => void
}

/** A child spec whose `input` and `onRestored` are checked against its logic. */
export type TypedChildSpec<T extends AnyActorLogic> = Omit<ChildSpec, 'logic' | 'input' | 'onRestored'> & {
  readonly logic: T
  readonly input: () => InputFrom<T>
  readonly onRestored?: (ref: ActorRefFromLogic<T>) => void
}

/** Returns the spec as it is: the compiler has checked input and ref against the logic. */
export function childSpec<T extends AnyActorLogic>(spec: TypedChildSpec<T>): ChildSpec {
  return spec
}

export class InvalidSupervision extends Error {
  override readonly name = 'InvalidSupervision'
  readonly problems: readonly string[]

  constructor(supervisor: string, problems: readonly string[]) {
    super(`supervisor '${supervisor}' is not well formed: ${problems.join('; ')}`)
    this.problems = problems
  }
}

/** What is wrong with one child spec; empty when nothing is. */
export function problemsOfChild(spec: ChildSpec): readonly string[] {
  const name = `child '${spec.id}'`
  const problems: string[] = []
  if (typeof spec.id !== 'string' || spec.id.trim() === '') problems.push('a child has an empty id')
  if (typeof spec.logic?.transition !== 'function') problems.push(`${name} has no actor logic`)
  if (!restartKinds.includes(spec.restart)) problems.push(`${name} has an unknown restart kind '${spec.restart}'`)
  if (spec.restore !== undefined && spec.restore !== 'last-good' && spec.restore !== 'fresh') {
    problems.push(`${name} has an unknown restore kind '${spec.restore}'`)
  }
  if (spec.systemId !== undefined && spec.systemId.trim() === '') problems.push(`${name} has an empty systemId`)
  return problems
}

/** What is wrong with a supervisor's children, all problems at once; empty when nothing is. */
export function problemsOfChildren(children: readonly ChildSpec[]): readonly string[] {
  return [
    ...children.flatMap(problemsOfChild),
    ...repeated(children.map((spec) => spec.id)).map((id) => `child id '${id}' is used more than once`),
    ...repeated(children.flatMap((spec) => spec.systemId ?? [])).map((id) => `systemId '${id}' is used more than once`),
  ]
}

export interface Limits {
  readonly name: string
  readonly strategy: Strategy
  readonly intensity: Intensity
  readonly backoff: Backoff
  /** Whether a source of chance was handed in; jitter needs one. */
  readonly hasRandom: boolean
}

/** What is wrong with a supervisor's own settings, all problems at once; empty when nothing is. */
export function problemsOfLimits({ name, strategy, intensity, backoff, hasRandom }: Limits): readonly string[] {
  const { initialMs, factor, maxMs, quietMs, jitter = 0 } = backoff
  const rules: readonly (readonly [holds: boolean, problem: string])[] = [
    [name.trim() !== '', 'the name is empty'],
    [strategies.includes(strategy), `unknown strategy '${strategy}'`],
    [
      Number.isInteger(intensity.restarts) && intensity.restarts >= 0,
      'intensity.restarts must be a whole number from 0',
    ],
    [intensity.periodMs > 0, 'intensity.periodMs must be above 0'],
    [initialMs >= 0, 'backoff.initialMs must be 0 or more'],
    [factor >= 1 && Number.isFinite(factor), 'backoff.factor must be 1 or more'],
    [maxMs >= initialMs && Number.isFinite(maxMs), 'backoff.maxMs must not be below backoff.initialMs'],
    [quietMs > 0, 'backoff.quietMs must be above 0'],
    [jitter >= 0 && jitter <= 1, 'backoff.jitter must lie between 0 and 1'],
    [jitter === 0 || hasRandom, 'backoff.jitter needs a random source'],
  ]
  return rules.filter(([holds]) => !holds).map(([, problem]) => problem)
}

function repeated(names: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) twice.add(name)
    seen.add(name)
  }
  return [...twice]
}
