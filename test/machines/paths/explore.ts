/**
 * Walks a machine through every state that its representative events lead to, with `xstate/graph` over `step()`, and keeps
 * what happened on the way: the transitions taken, the pairs without an answer, what was thrown.
 */
import type { ActorLogic, AnyActorLogic, AnyMachineSnapshot, AnyStateMachine, ContextFrom, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate'
import { getShortestPaths, type TraversalOptions } from 'xstate/graph'
import { type Step, start, step, transitionName } from '../../../machines/step.ts'

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

interface Node {
  readonly id: string
  readonly path: readonly string[]
  readonly transitions: ReadonlyMap<string, readonly Branch[]>
  readonly always?: readonly Branch[] | undefined
  readonly states: Readonly<Record<string, Node>>
}
type Branch = Parameters<typeof transitionName>[1] & { readonly target?: readonly Node[] | undefined }

const below = (node: Node): Node[] => [node, ...Object.values(node.states).flatMap(below)]
const nodesOf = (machine: AnyStateMachine): Node[] => below(machine.root as Node)

/** Every branch of every state, `always` and `onDone` among them, under the names that `step()` gives. */
const branchesOf = (machine: AnyStateMachine): { readonly name: string; readonly targets: readonly Node[] }[] =>
  nodesOf(machine).flatMap((node) =>
    [...node.transitions.values(), node.always ?? []]
      .flat()
      .map((branch) => ({ name: transitionName(machine, branch), targets: branch.target ?? [] })),
  )

/** `settling.filled`, or `running + normal + ready` for parallel regions. */
export function stateName(value: AnyMachineSnapshot['value']): string {
  if (typeof value === 'string') return value
  const parts = Object.entries(value)
  const [only] = parts
  if (parts.length === 1 && only?.[1] !== undefined) return `${only[0]}.${stateName(only[1])}`
  return parts.map(([, part]) => stateName(part ?? '')).join(' + ')
}

const LIMIT = 400_000

/** Every state within reach of the model's events, and what each of them did there. */
export function explore<M extends AnyStateMachine>(model: PathModel<M>): Exploration {
  const { machine } = model
  const taken = new Set<string>()
  const reachedNodes = new Set<string>()
  const unhandled = new Map<string, Set<string>>()
  const thrown = new Set<string>()
  const broken = new Map<string, string>()
  /** States that broke a rule: what follows from them says nothing more. */
  const bad = new WeakSet<object>()
  let sent = 0
  let edges = 0
  const events = new Set<string>()

  const visit = (state: AnyMachineSnapshot): void => {
    for (const node of state._nodes) reachedNodes.add(node.path.join('.'))
  }
  const send = (before: SnapshotFrom<M>, event: EventFromLogic<M>): SnapshotFrom<M> => {
    const where = stateName((before as AnyMachineSnapshot).value)
    const name = (event as { type: string }).type
    sent += 1
    events.add(name)
    let after: Step<M>
    try {
      after = step(machine, before, event)
    } catch (error) {
      thrown.add(`${where} + ${name}: ${String(error)}`)
      return before
    }
    for (const transition of after.taken) taken.add(transition)
    if (!after.handled) unhandled.set(where, (unhandled.get(where) ?? new Set()).add(name))
    visit(after.state as AnyMachineSnapshot)
    try {
      model.check({ before, event, after })
    } catch (error) {
      bad.add(after.state)
      const problem = `${where} + ${name} → ${stateName((after.state as AnyMachineSnapshot).value)}: ${String(error)}`
      if (!broken.has(problem)) broken.set(problem, JSON.stringify(event))
    }
    return after.state
  }
  const logic: ActorLogic<AnyMachineSnapshot, EventFromLogic<M>, InputFrom<M>> = {
    getInitialSnapshot: (_scope, input) => {
      const born = start(machine, input)
      for (const transition of born.taken) taken.add(transition)
      visit(born.state as AnyMachineSnapshot)
      return born.state as AnyMachineSnapshot
    },
    transition: (state, event) => send(state as SnapshotFrom<M>, event) as AnyMachineSnapshot,
    getPersistedSnapshot: (state) => state,
  }
  const serialize = (state: AnyMachineSnapshot): string =>
    JSON.stringify([state.value, model.abstract(state.context as ContextFrom<M>), bad.has(state)])
  const options: TraversalOptions<AnyMachineSnapshot, EventFromLogic<M>, InputFrom<M>> = {
    input: model.input,
    events: (state: AnyMachineSnapshot) => (bad.has(state) ? [] : model.events(state as SnapshotFrom<M>)),
    serializeState: serialize,
    // A label that is one of its kind will do: the edge keeps the event itself.
    serializeEvent: (event) => `${event.type}#${edges++}`,
    limit: LIMIT,
  }
  const paths = getShortestPaths<AnyActorLogic>(logic, options) as readonly Path[]

  const branches = branchesOf(machine)
  // A state that is left at once was entered all the same.
  for (const { name, targets } of branches)
    for (const node of targets) if (taken.has(name)) reachedNodes.add(node.path.join('.'))
  return {
    machine: machine.id,
    nodes: nodesOf(machine).flatMap((node) => (node.path.length === 0 ? [] : [node.path.join('.')])),
    reachedNodes,
    transitions: branches.map(({ name }) => name),
    taken,
    reached: paths.length,
    sent,
    events: [...events],
    paths,
    unhandled: Object.fromEntries([...unhandled].map(([state, events]) => [state, [...events].sort()])),
    thrown: [...thrown],
    broken: [...broken].map(([problem, event]) => `${problem}\n  after ${event}`),
  }
}
