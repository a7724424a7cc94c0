/** Names of long-lived actors, and what each hears. Hold names, not references: a restarted actor keeps its name. */
import type { AnyActorRef } from 'xstate'
import type { Inboxes } from './messages.ts'

export type Address = keyof Inboxes

export interface Addresses {
  /** Sends to the actor of that name; false when none lives there now (its restart will ask for what it missed). */
  tell<A extends Address>(name: A, message: Inboxes[A]): boolean
  /** Called once, by the root. */
  bind(lookUp: (name: string) => AnyActorRef | undefined): void
}

export type OrderAddress = `order:${string}`
export const orderAddress = (id: string): OrderAddress => `order:${id}`
export const positionAddress = (id: string) => `position:${id}` as const
export const planAddress = (id: string) => `plan:${id}` as const

export function createAddresses(): Addresses {
  let find: (name: string) => AnyActorRef | undefined = () => undefined
  return {
    bind: (lookUp) => {
      find = lookUp
    },
    tell: (name, message) => {
      const ref = find(name)
      if (ref === undefined || ref.getSnapshot().status !== 'active') return false
      ref.send(message)
      return true
    },
  }
}
