/** Pools of journaled actors: one per order, position and plan, born by command, found again by the journal. */

import type { AnyActorRef } from 'xstate'
import type { Address } from './addresses.ts'
import type { House } from './house.ts'
import type { JournaledInput, JournaledLogic } from './supervision/journaled.ts'

export interface Birth {
  readonly stream: Address
  readonly input: JournaledInput
}

/** What a pool is told: the message of the supervision library. */
export interface SpawnChild {
  readonly type: 'spawn-child'
  readonly spec: {
    readonly id: string
    readonly systemId: string
    readonly logic: JournaledLogic
    readonly input: () => JournaledInput
    readonly restart: 'transient'
    readonly beforeRestart: () => Promise<void>
    readonly onRestored: (ref: AnyActorRef) => void
  }
}

/**
 * The spec of one member. Before a restart its pending appends are awaited, so that no effect of the crashed incarnation
 * can leave after the new one looked; after it, `recover` tells the member what it may have missed.
 */
export const member = (house: House, logic: JournaledLogic, birth: Birth, recover: () => void): SpawnChild => ({
  type: 'spawn-child',
  spec: {
    id: birth.stream,
    systemId: birth.stream,
    logic,
    input: () => birth.input,
    restart: 'transient',
    beforeRestart: () => house.journal.settled(),
    onRestored: recover,
  },
})
