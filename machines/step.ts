/**
 * The one seam through which every machine runs: `step(machine, state, event) → { state, effects, handled }`.
 *
 * A machine decides and names its effects; nothing happens here. Actors, replay, path tests and simulation all call
 * this, so a faster engine could stand behind it without touching a machine.
 */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type EventFromLogic,
  type InputFrom,
  type SnapshotFrom,
  type StateMachine,
} from 'xstate'

/** The type of a named effect in `setup({ actions })`: it carries params and does nothing by itself. */
export const effect =
  <P>() =>
  (_: unknown, _params: P): void => {
    throw new Error('effects run only through step()')
  }

type DashedAction<A> = A extends { type: infer T extends `${string}-${string}`; params: infer P }
  ? { readonly type: T; readonly params: P }
  : never

type ActionOf<M> =
  M extends StateMachine<
    infer _C,
    infer _E,
    infer _Ch,
    infer _A,
    infer TAction,
    infer _G,
    infer _D,
    infer _V,
    infer _T,
    infer _I,
    infer _O,
    infer _Em,
    infer _M,
    infer _Co
  >
    ? TAction
    : never

/** What a machine asks of the world: a discriminated union of its dashed actions. */
export type EffectOf<M> = DashedAction<ActionOf<M>>

/** An effect before its machine is known. */
export interface Effect {
  readonly type: string
  readonly params: unknown
}

export interface Step<M extends AnyStateMachine> {
  readonly state: SnapshotFrom<M>
  readonly effects: readonly Effect[]
  /** False when no transition was selected: the state has no answer to that event. */
  readonly handled: boolean
  /** The transitions that were taken, for coverage: `<source id> --<event>--> <n>`. */
  readonly taken: readonly string[]
}

interface Transition {
  readonly source: { readonly id: string }
  readonly eventType: string
  readonly toJSON: unknown
}

interface Seam {
  readonly run: (work: (scope: never) => AnyMachineSnapshot) => {
    state: AnyMachineSnapshot
    effects: Effect[]
    transitions: Transition[]
  }
}

const seams = new WeakMap<AnyStateMachine, Seam>()

/** Builds, once per machine, the inert scope that collects effects instead of running them. */
function seamOf(machine: AnyStateMachine): Seam {
  const known = seams.get(machine)
  if (known) return known
  const self = createActor(machine)
  let effects: Effect[] = []
  let transitions: Transition[] = []
  self.system.inspect((event) => {
    if (event.type === '@xstate.microstep') transitions.push(...(event._transitions as unknown[] as Transition[]))
  })
  const collect = (action: { type: string; params: unknown }): void => {
    if (action.type.includes('-')) effects.push({ type: action.type, params: action.params })
    else if (action.type !== 'xstate.raise' && !action.type.startsWith('xstate.assign')) {
      throw new Error(`machine ${machine.id} ran ${action.type}: only named effects may leave a machine`)
    }
  }
  const inert = {
    self,
    id: '',
    sessionId: '',
    system: self.system,
    logger: () => undefined,
    defer: () => undefined,
    emit: () => undefined,
    stopChild: () => undefined,
    actionExecutor: collect,
  }
  const seam: Seam = {
    run: (work) => {
      effects = []
      transitions = []
      inert.actionExecutor = collect
      const state = work(inert as never)
      return { state, effects, transitions }
    },
  }
  seams.set(machine, seam)
  return seam
}

/** Names a transition so that coverage can count it: its source state, event and place among that event's branches. */
export function transitionName(machine: AnyStateMachine, transition: Transition): string {
  const node = machine.getStateNodeById(transition.source.id)
  const branches =
    transition.eventType === '' ? (node.always ?? []) : (node.transitions.get(transition.eventType) ?? [])
  return `${transition.source.id} --${transition.eventType || 'always'}--> ${branches.indexOf(transition as never)}`
}

function outcome<M extends AnyStateMachine>(
  machine: M,
  run: { state: AnyMachineSnapshot; effects: Effect[]; transitions: Transition[] },
): Step<M> {
  if (run.state.status === 'error') throw run.state.error
  return {
    state: run.state as SnapshotFrom<M>,
    effects: run.effects,
    handled: run.transitions.length > 0,
    get taken() {
      return run.transitions.map((transition) => transitionName(machine, transition))
    },
  }
}

/** The first state of a machine and the effects of entering it. @throws what the context factory or an entry throws. */
export function start<M extends AnyStateMachine>(machine: M, input: InputFrom<M>): Step<M> {
  const run = seamOf(machine).run((scope) => machine.getInitialSnapshot(scope, input))
  return { ...outcome(machine, run), handled: true }
}

/** The next state. A machine that is done stays as it is. @throws what a guard or assign throws: that is a bug. */
export function step<M extends AnyStateMachine>(machine: M, state: SnapshotFrom<M>, event: EventFromLogic<M>): Step<M> {
  const before = state as AnyMachineSnapshot
  if (before.status !== 'active') return { state, effects: [], handled: false, taken: [] }
  return outcome(
    machine,
    seamOf(machine).run((scope) => machine.transition(before, event, scope)),
  )
}
