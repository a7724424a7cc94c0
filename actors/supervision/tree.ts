/** The present supervision tree as plain data. */
import type { AnyActorRef } from 'xstate'
import { childrenOf, supervisionOf } from './kill-tree.ts'
import type { Child, Supervision } from './roster.ts'
import { problemText } from './supervision-event.ts'

export interface SupervisionNode {
  readonly name: string
  readonly status: 'running' | 'restarting' | 'stopped' | 'gaveUp'
  /** Restarts of this child so far, kept when its supervisor is restarted with it. */
  readonly restarts: number
  readonly lastError: string | null
  /**
   * A machine's state as `parent.child`, parallel regions joined by commas; null for logic without states.
   * Logic that wraps a machine shows its state by keeping the machine's snapshot as `machine` in its own.
   */
  readonly state: string | null
  readonly children: readonly SupervisionNode[]
}

/** The tree beneath and including `ref`: a supervisor with its children, or any actor with those it invoked or spawned. */
export function tree(ref: AnyActorRef): SupervisionNode {
  const supervision = supervisionOf(ref)
  const snapshot: { readonly status: string; readonly error?: unknown } = ref.getSnapshot()
  const failed = snapshot.status === 'error'
  return {
    name: supervision?.rules.name ?? ref.id,
    status: snapshot.status === 'active' ? 'running' : failed && supervision !== null ? 'gaveUp' : 'stopped',
    restarts: 0,
    lastError: failed ? problemText(snapshot.error) : (supervision?.reportProblem ?? null),
    state: stateText(ref, supervision),
    children: nodesBeneath(ref, supervision),
  }
}

/** The running child of a supervisor by its id, or null: unknown, restarting, stopped. Ask each time; do not keep the ref. */
export function childOf(supervisor: AnyActorRef, id: string): AnyActorRef | null {
  return supervisionOf(supervisor)?.roster.get(id)?.ref ?? null
}

function nodesBeneath(ref: AnyActorRef, supervision: Supervision | null): readonly SupervisionNode[] {
  return supervision === null ? childrenOf(ref).map(tree) : [...supervision.roster.values()].map(nodeOf)
}

function nodeOf(child: Child): SupervisionNode {
  const { spec, ref, status, restarts } = child
  const supervision = ref === null ? null : supervisionOf(ref)
  return {
    name: spec.id,
    status,
    restarts,
    lastError: child.lastError ?? supervision?.reportProblem ?? null,
    state: ref === null ? null : stateText(ref, supervision),
    children: ref === null ? [] : nodesBeneath(ref, supervision),
  }
}

interface Stateful {
  readonly value?: unknown
  readonly machine?: { readonly value?: unknown }
}

function stateText(ref: AnyActorRef, supervision: Supervision | null): string | null {
  if (supervision !== null) return supervision.draining === null ? null : 'draining'
  const snapshot: Stateful | undefined = ref.getSnapshot()
  const leaves = leavesOf(snapshot?.value ?? snapshot?.machine?.value)
  return leaves.length === 0 ? null : leaves.join(', ')
}

function leavesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([state, inner]) => {
    const leaves = leavesOf(inner)
    return leaves.length === 0 ? [state] : leaves.map((leaf) => `${state}.${leaf}`)
  })
}
