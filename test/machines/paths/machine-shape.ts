/** What a machine is made of, read from its definition: its states, and every branch that leads out of one. */
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { transitionName } from '../../../machines/step.ts'

export interface Node {
  readonly id: string
  readonly path: readonly string[]
  readonly transitions: ReadonlyMap<string, readonly Branch[]>
  readonly always?: readonly Branch[] | undefined
  readonly states: Readonly<Record<string, Node>>
}
type Branch = Parameters<typeof transitionName>[1] & { readonly target?: readonly Node[] | undefined }

const below = (node: Node): Node[] => [node, ...Object.values(node.states).flatMap(below)]
/** Every state of a machine, the machine itself first. */
export const nodesOf = (machine: AnyStateMachine): Node[] => below(machine.root as Node)

/** Every branch of every state, `always` and `onDone` among them, under the names that `step()` gives. */
export const branchesOf = (machine: AnyStateMachine): { readonly name: string; readonly targets: readonly Node[] }[] =>
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
