/** Stopping an actor with everything beneath it. XState leaves the children of a crashed actor running. */
import type { AnyActorRef } from 'xstate'
import { Supervision } from './roster.ts'

/** The supervisor state behind an actor, or null when the actor is not a supervisor. */
export function supervisionOf(ref: AnyActorRef): Supervision | null {
  const snapshot: { readonly supervision?: unknown } | undefined = ref.getSnapshot()
  return snapshot?.supervision instanceof Supervision ? snapshot.supervision : null
}

/** The actors directly beneath `ref`, in start order, also when `ref` has crashed or stopped. */
export function childrenOf(ref: AnyActorRef): readonly AnyActorRef[] {
  const supervision = supervisionOf(ref)
  if (supervision !== null) return [...supervision.roster.values()].flatMap((child) => child.ref ?? [])
  const snapshot: { readonly children?: Readonly<Record<string, AnyActorRef | undefined>> } | undefined =
    ref.getSnapshot()
  return Object.values(snapshot?.children ?? {}).flatMap((child) => child ?? [])
}

/**
 * Stops `ref` and all actors beneath it, crashed ones' orphans included; the last started go first.
 * No one is told: a supervisor whose child is killed behind its back believes it alive.
 */
export function killTree(ref: AnyActorRef): void {
  const children = childrenOf(ref)
  if (ref.getSnapshot()?.status === 'active') ref.send({ type: 'xstate.stop' })
  killAll(children)
}

/** Stops these actors and all beneath them, last first. */
export function killAll(refs: readonly AnyActorRef[]): void {
  for (const ref of refs.toReversed()) killTree(ref)
}
