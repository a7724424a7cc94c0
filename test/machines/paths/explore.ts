/**
 * Walks a machine through every state that its representative events lead to, with `xstate/graph` over `step()`, and keeps
 * what happened on the way: the transitions taken, the pairs without an answer, what was thrown.
 */
import type {
  ActorLogic,
  AnyActorLogic,
  AnyMachineSnapshot,
  AnyStateMachine,
  ContextFrom,
  EventFromLogic,
  InputFrom,
  SnapshotFrom,
} from 'xstate'
import { getShortestPaths, type TraversalOptions } from 'xstate/graph'
import { type Step, start, step } from '../../../machines/step.ts'
import { branchesOf, nodesOf, stateName } from './machine-shape.ts'

/** One step as an invariant sees it. */
export interface Taken<M extends AnyStateMachine> {
  readonly before: SnapshotFrom<M>
  readonly event: EventFromLogic<M>
  readonly after: Step<M>
}

export interface PathModel<M extends AnyStateMachine = AnyStateMachine> {
  readonly machine: M
  readonly input: InputFrom<M>
  /** State names that the requirements ask for. */
  readonly required: readonly string[]
  /** Representative events; a function of the state, since a deadline that counts is the one in its context. */
  readonly events: (state: SnapshotFrom<M>) => readonly EventFromLogic<M>[]
  /** What of the context tells two states apart. Any JSON. */
  readonly abstract: (context: ContextFrom<M>) => unknown
  /** Throws when a reached state, or the step to it, breaks a rule. */
  readonly check: (taken: Taken<M>) => void
}

/** From birth to one reached state; the first step is the birth. */
export interface Path {
  readonly state: { readonly value: AnyMachineSnapshot['value'] }
  readonly steps: readonly { readonly event: { readonly type: string } }[]
}

export interface Exploration {
  readonly machine: string
  /** State nodes of the machine, by path. */
  readonly nodes: readonly string[]
  readonly reachedNodes: ReadonlySet<string>
  /** All transitions, and those taken. */
  readonly transitions: readonly string[]
  readonly taken: ReadonlySet<string>
  /** Abstract states reached, and the events sent to them. */
  readonly reached: number
  readonly sent: number
  /** Names of the events that were sent. */
  readonly events: readonly string[]
  readonly paths: readonly Path[]
  /** state → events that it has no answer to. */
  readonly unhandled: Readonly<Record<string, readonly string[]>>
  readonly thrown: readonly string[]
  readonly broken: readonly string[]
}

const LIMIT = 400_000

/** Runs every step of an exploration and keeps what happened. */
class Recorder<M extends AnyStateMachine> {
  readonly #model: PathModel<M>
  readonly taken = new Set<string>()
  readonly reachedNodes = new Set<string>()
  readonly events = new Set<string>()
  readonly unhandled = new Map<string, Set<string>>()
  readonly thrown = new Set<string>()
  readonly broken = new Map<string, string>()
  /** States that broke a rule: what follows from them says nothing more. */
  readonly bad = new WeakSet<object>()
  sent = 0

  constructor(model: PathModel<M>) {
    this.#model = model
  }

  born(input: InputFrom<M>): AnyMachineSnapshot {
    const { state, taken } = start(this.#model.machine, input)
    return this.#visit(state, taken)
  }

  send(before: SnapshotFrom<M>, event: EventFromLogic<M>): AnyMachineSnapshot {
    const where = stateName((before as AnyMachineSnapshot).value)
    const { type } = event as { type: string }
    this.sent += 1
    this.events.add(type)
    let after: Step<M>
    try {
      after = step(this.#model.machine, before, event)
    } catch (error) {
      this.thrown.add(`${where} + ${type}: ${String(error)}`)
      return before as AnyMachineSnapshot
    }
    if (!after.handled) this.unhandled.set(where, (this.unhandled.get(where) ?? new Set()).add(type))
    const state = this.#visit(after.state, after.taken)
    try {
      this.#model.check({ before, event, after })
    } catch (error) {
      this.bad.add(state)
      const problem = `${where} + ${type} → ${stateName(state.value)}: ${String(error)}`
      if (!this.broken.has(problem)) this.broken.set(problem, JSON.stringify(event))
    }
    return state
  }

  #visit(given: SnapshotFrom<M>, taken: readonly string[]): AnyMachineSnapshot {
    const state = given as AnyMachineSnapshot
    for (const node of state._nodes) this.reachedNodes.add(node.path.join('.'))
    for (const transition of taken) this.taken.add(transition)
    return state
  }
}

/** Shortest paths to every state within reach, every event tried in each of them. */
function shortestPaths<M extends AnyStateMachine>(model: PathModel<M>, recorder: Recorder<M>): readonly Path[] {
  let edges = 0
  const logic: ActorLogic<AnyMachineSnapshot, EventFromLogic<M>, InputFrom<M>> = {
    getInitialSnapshot: (_scope, input) => recorder.born(input),
    transition: (state, event) => recorder.send(state as SnapshotFrom<M>, event),
    getPersistedSnapshot: (state) => state,
  }
  const options: TraversalOptions<AnyMachineSnapshot, EventFromLogic<M>, InputFrom<M>> = {
    input: model.input,
    events: (state) => (recorder.bad.has(state) ? [] : model.events(state as SnapshotFrom<M>)),
    serializeState: (state) =>
      JSON.stringify([state.value, model.abstract(state.context as ContextFrom<M>), recorder.bad.has(state)]),
    // A label that is one of its kind will do: the edge keeps the event itself.
    serializeEvent: (event) => `${event.type}#${edges++}`,
    limit: LIMIT,
  }
  return getShortestPaths<AnyActorLogic>(logic, options) as readonly Path[]
}

/** Every state within reach of the model's events, and what each of them did there. */
export function explore<M extends AnyStateMachine>(model: PathModel<M>): Exploration {
  const { machine } = model
  const recorder = new Recorder(model)
  const paths = shortestPaths(model, recorder)
  const { taken, reachedNodes, events, unhandled, thrown, broken, sent } = recorder
  const branches = branchesOf(machine)
  // A state that is left at once was entered all the same.
  for (const { name, targets } of branches)
    for (const node of targets) if (taken.has(name)) reachedNodes.add(node.path.join('.'))
  return {
    ...{ machine: machine.id, paths, reached: paths.length, sent, taken, reachedNodes },
    nodes: nodesOf(machine).flatMap((node) => (node.path.length === 0 ? [] : [node.path.join('.')])),
    transitions: branches.map(({ name }) => name),
    events: [...events],
    unhandled: Object.fromEntries([...unhandled].map(([state, names]) => [state, [...names].sort()])),
    thrown: [...thrown],
    broken: [...broken].map(([problem, event]) => `${problem}\n  after ${event}`),
  }
}

/** Several explorations of one machine as one. */
export function together([first, ...others]: readonly Exploration[]): Exploration {
  if (first === undefined) throw new Error('nothing was explored')
  return others.reduce((sum, next): Exploration => {
    const states = [...new Set([...Object.keys(sum.unhandled), ...Object.keys(next.unhandled)])]
    const both = (state: string) => [...(sum.unhandled[state] ?? []), ...(next.unhandled[state] ?? [])]
    return {
      ...{ machine: sum.machine, nodes: sum.nodes, transitions: sum.transitions },
      ...{ reached: sum.reached + next.reached, sent: sum.sent + next.sent, paths: [...sum.paths, ...next.paths] },
      reachedNodes: new Set([...sum.reachedNodes, ...next.reachedNodes]),
      taken: new Set([...sum.taken, ...next.taken]),
      events: [...new Set([...sum.events, ...next.events])],
      unhandled: Object.fromEntries(states.map((state) => [state, [...new Set(both(state))].sort()])),
      ...{ thrown: [...sum.thrown, ...next.thrown], broken: [...sum.broken, ...next.broken] },
    }
  }, first)
}
