/**
 * `journaled(machine, …)`: write first, act afterwards.
 *
 * What an actor hears is stepped through its machine, appended to the journal together with the facts it states, and
 * only when that is durable do the facts and effects leave. State in memory may run ahead of the disk by milliseconds;
 * effects never do. A message that makes the machine throw is never written: the actor crashes and its supervisor
 * restarts it from the last good state. So does an actor whose facts or effects cannot leave.
 */
import type { ActorLogic, ActorScope, AnyMachineSnapshot, AnyStateMachine, Snapshot } from 'xstate'
import { type Effect, start, step } from '../../machines/step.ts'
import type { Fact, FactDraft, Origin } from '../../src/domain/facts.ts'
import type { IdSource } from '../../src/ports/clock.ts'
import type { Journal } from '../../src/ports/journal.ts'

/** What every message to a journaled actor carries. */
export interface Message {
  readonly type: string
  readonly seenAt: number
  readonly causedBy?: string
  readonly correlationId?: string
  readonly origin?: Origin
}

/** Told to the actor by itself once rows of its own are durable and their effects have left. */
interface Released {
  readonly type: 'journal.released'
}
/** Something that was durable could not leave: the actor crashes, and its restart says or asks what was missed. */
interface ReleaseFailed {
  readonly type: 'journal.releaseFailed'
  readonly error: unknown
}

interface JournaledState {
  readonly machine: AnyMachineSnapshot
  /** Everything this stream states belongs to one story; null for actors that take part in many. */
  readonly correlationId: string | null
  /** Entries on their way to the disk. The actor outlives its machine until this is 0. */
  readonly unreleased: number
}
export type JournaledSnapshot = Snapshot<undefined> & JournaledState

/** The actor's id is its stream's name. */
export interface JournaledInput {
  /** The machine's input: the body of the stream's first row. */
  readonly birth: Message
  readonly correlationId: string | null
  /** What the stream heard after its birth, oldest first. */
  readonly history: readonly Message[]
  /** False for a stream whose birth is in the journal already. */
  readonly isNew: boolean
}

export interface JournaledParts {
  readonly journal: Journal
  readonly ids: IdSource
  /** The one outlet for facts; called in order, after they are durable. */
  publish(fact: Fact): void
  /** Carries an effect to its gateway; called in order, after it is durable. */
  perform(stream: string, effect: Effect, correlationId: string): void
  /** An event that the present state has no answer to: counted and alarmed, never journaled. */
  unhandled(stream: string, event: string, state: string): void
}

type Hears = Message | Released | ReleaseFailed
type Scope = ActorScope<JournaledSnapshot, Hears>
export type JournaledLogic = ActorLogic<JournaledSnapshot, Hears, JournaledInput>

const RUNNING = { status: 'active', output: undefined, error: undefined } as const
const DONE = { status: 'done', output: undefined, error: undefined } as const

const draftsOf = (effects: readonly Effect[]): FactDraft[] =>
  effects.flatMap((effect) =>
    effect.type === 'publish-facts' ? [...(effect.params as { facts: readonly FactDraft[] }).facts] : [],
  )

/** Stamps drafts: who caused them, in which story, when they happened and when we saw it. */
function stamp(
  drafts: readonly FactDraft[],
  message: Message,
  heardId: string,
  correlationId: string,
  ids: IdSource,
): Fact[] {
  return drafts.map((draft) =>
    Object.freeze({
      ...draft,
      id: ids.next(),
      at: draft.at ?? message.seenAt,
      seenAt: message.seenAt,
      causedBy: heardId,
      correlationId,
      origin: draft.origin ?? message.origin ?? 'live',
    } as Fact),
  )
}

/** Binds a pure machine to the journal; see the head of this file. */
export function journaled(machine: AnyStateMachine, parts: JournaledParts): JournaledLogic {
  /** Appends what was heard with the facts stated, and lets everything leave once it is durable. */
  function write(
    snapshot: JournaledSnapshot,
    message: Message,
    effects: readonly Effect[],
    scope: Scope,
  ): JournaledSnapshot {
    const stream = scope.id
    const heardId = parts.ids.next()
    const { type, causedBy, correlationId: given, ...body } = message
    const correlationId = given ?? snapshot.correlationId ?? heardId
    const facts = stamp(draftsOf(effects), message, heardId, correlationId, parts.ids)
    const heard = { id: heardId, type, body, correlationId, causationId: causedBy ?? null, at: message.seenAt }
    const release = (): void => {
      try {
        for (const fact of facts) parts.publish(fact)
        for (const effect of effects) if (effect.type !== 'publish-facts') parts.perform(stream, effect, correlationId)
        scope.self.send({ type: 'journal.released' })
      } catch (error) {
        scope.self.send({ type: 'journal.releaseFailed', error })
      }
    }
    scope.defer(() => parts.journal.append({ stream, heard, facts }, release))
    return { ...snapshot, unreleased: snapshot.unreleased + 1 }
  }

  return {
    config: machine.config,
    getInitialSnapshot: (scope, { birth, correlationId, history, isNew }) => {
      const born = start(machine, birth)
      let state: AnyMachineSnapshot = born.state
      for (const message of history) state = step(machine, state, message).state
      const snapshot: JournaledSnapshot = { ...RUNNING, machine: state, correlationId, unreleased: 0 }
      return isNew ? write(snapshot, birth, born.effects, scope) : snapshot
    },
    transition: (snapshot, event, scope) => {
      if (event.type === 'xstate.stop') return { ...snapshot, status: 'stopped' } as JournaledSnapshot
      if (event.type === 'journal.released') {
        const unreleased = snapshot.unreleased - 1
        const isDone = unreleased === 0 && snapshot.machine.status === 'done'
        return isDone ? { ...snapshot, ...DONE, unreleased } : { ...snapshot, unreleased }
      }
      if (event.type === 'journal.releaseFailed') throw (event as ReleaseFailed).error
      const message = event as Message
      const next = step(machine, snapshot.machine, message)
      if (!next.handled) {
        parts.unhandled(scope.id, message.type, JSON.stringify(snapshot.machine.value))
        return snapshot
      }
      return write({ ...snapshot, machine: next.state }, message, next.effects, scope)
    },
    getPersistedSnapshot: (snapshot) => snapshot,
    // Pending appends are awaited before a restart, so nothing of a restored actor is still on its way.
    restoreSnapshot: (persisted) => {
      const checkpoint = { ...(persisted as JournaledSnapshot), unreleased: 0 }
      return checkpoint.machine.status === 'done' ? { ...checkpoint, ...DONE } : { ...checkpoint, ...RUNNING }
    },
  }
}
