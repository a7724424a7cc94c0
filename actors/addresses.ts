/** Names of long-lived actors, and what each hears. Hold names, not references: a restarted actor keeps its name. */
import type { AnyActorRef } from 'xstate'
import type { CoordinatorHears } from '../machines/coordinator.machine.ts'
import type { OrderHears } from '../machines/order.machine.ts'
import type { PositionHears } from '../machines/position.machine.ts'
import type { PlanHears } from '../machines/rebalance-plan.machine.ts'
import type { SystemHears } from '../machines/system.machine.ts'
import type { AgentMessage } from './agent.actor.ts'
import type { SignalsMessage } from './coordinator.actor.ts'
import type { ExchangeMessage } from './exchange.actor.ts'
import type { JournalMessage } from './journal.actor.ts'
import type { MarketMessage } from './market.actor.ts'
import type { PortfolioMessage } from './portfolio.actor.ts'
import type { ScheduleMessage } from './schedule.actor.ts'

export interface Inboxes {
  system: SystemHears
  journal: JournalMessage
  exchange: ExchangeMessage
  portfolio: PortfolioMessage
  market: MarketMessage
  coordinator: CoordinatorHears
  signals: SignalsMessage
  schedule: ScheduleMessage
  [order: `order:${string}`]: OrderHears
  [position: `position:${string}`]: PositionHears
  [plan: `plan:${string}`]: PlanHears
  [agent: `agent:${string}`]: AgentMessage
}
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
