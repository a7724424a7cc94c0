/** Actors without a lifecycle of their own: routine work is a plain call, the actor only gives it a name and a supervisor. */

import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { type ActorLogic, fromTransition, type Snapshot } from 'xstate'
import { type Effect, start, step } from '../../machines/step.ts'

interface Told {
  readonly type: string
}

/** Hears messages one at a time and serves each with a plain call. A throw crashes the actor; nothing else. */
export const serving = <M extends Told>(serve: (message: M) => void) =>
  fromTransition((nothing: null, message: M) => {
    // XState tells every logic that it is being stopped; that is no message of ours.
    if (message.type !== 'xstate.stop') serve(message)
    return nothing
  }, null)

export interface SteppedSnapshot {
  readonly machine: AnyMachineSnapshot
}
export type SteppedLogic = ActorLogic<Snapshot<undefined> & SteppedSnapshot, Told, Told>

export interface SteppedParts {
  /** Carries an effect to its gateway, at once: nothing of this machine is journaled. */
  perform(actor: string, effect: Effect): void
  unhandled(actor: string, event: string, state: string): void
}

const RUNNING = { status: 'active', output: undefined, error: undefined } as const

/** Binds a pure machine whose decisions need no journal: what it decides can be decided again after a restart. */
export function stepped(machine: AnyStateMachine, parts: SteppedParts): SteppedLogic {
  return {
    config: machine.config,
    getInitialSnapshot: (scope, input) => {
      const born = start(machine, input)
      scope.defer(() => {
        for (const effect of born.effects) parts.perform(scope.id, effect)
      })
      return { ...RUNNING, machine: born.state }
    },
    transition: (snapshot, event, scope) => {
      if (event.type === 'xstate.stop') return { ...snapshot, status: 'stopped', output: undefined, error: undefined }
      const next = step(machine, snapshot.machine, event)
      if (!next.handled) {
        parts.unhandled(scope.id, event.type, JSON.stringify(snapshot.machine.value))
        return snapshot
      }
      scope.defer(() => {
        for (const effect of next.effects) parts.perform(scope.id, effect)
      })
      if (next.state.status === 'done')
        return { status: 'done', output: undefined, error: undefined, machine: next.state }
      return { ...snapshot, machine: next.state }
    },
    getPersistedSnapshot: (snapshot) => snapshot,
    restoreSnapshot: (persisted) => ({
      ...RUNNING,
      machine: (persisted as Snapshot<undefined> & SteppedSnapshot).machine,
    }),
  }
}
