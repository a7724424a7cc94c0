/** One position: its machine bound to the journal; its orders go to the order desk, its triggers to the market. */
import { positionMachine } from '../machines/position.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import { type PositionId, pair } from '../src/domain/ids.ts'
import { positionAddress } from './addresses.ts'
import type { DeadMan } from './dead-man.ts'
import type { House } from './house.ts'
import type { OrderDesk } from './orders.actor.ts'
import { type JournaledLogic, journaled } from './supervision/journaled.ts'
import type { TriggerIndex } from './trigger-index.ts'

type PositionEffect = Exclude<EffectOf<typeof positionMachine>, { type: 'publish-facts' }>
type Directives = Extract<PositionEffect, { type: 'direct-orders' }>['params']

/** Carries a position's directives to the order desk; a birth that is refused is told back, so that it is decided anew. */
function direct(
  house: House,
  { orders, deadMan }: PositionParts,
  { positionId, directives }: Directives,
  correlationId: string,
): void {
  for (const directive of directives) {
    switch (directive.kind) {
      case 'place': {
        const { request } = directive
        const place = (): void => {
          const placed = orders.place(request, { correlationId })
          if ('refused' in placed) turnAway(house, positionId, request.key, placed.refused)
        }
        if (request.purpose === 'stop') deadMan.clear(positionId, request.key, place)
        else place()
        break
      }
      case 'cancel':
        if (deadMan.withdraw(directive.key)) turnAway(house, positionId, directive.key, directive.reason)
        else orders.cancel(directive.key, directive.reason)
        break
      case 'amend': {
        const { kind: _, key, ...change } = directive
        orders.amend(key, change)
        break
      }
      default:
        assertNever(directive)
    }
  }
}

const turnAway = (house: House, positionId: PositionId, key: string, reason: string): void => {
  house.addresses.tell(positionAddress(positionId), {
    type: 'order.turnedAway',
    key,
    reason,
    seenAt: house.clock.now(),
  })
}

export interface PositionParts {
  readonly orders: OrderDesk
  readonly triggers: TriggerIndex
  readonly deadMan: DeadMan
}

export const positionLogic = (house: House, parts: PositionParts): JournaledLogic =>
  journaled(positionMachine, {
    journal: house.journal,
    ids: house.ids,
    publish: (fact) => house.publish('positions', fact),
    unhandled: house.unhandled,
    perform: (stream, given, correlationId) => {
      const effect = given as PositionEffect
      switch (effect.type) {
        case 'direct-orders':
          return direct(house, parts, effect.params, correlationId)
        case 'watch-triggers':
          return parts.triggers.watch(effect.params.positionId, {
            ...effect.params,
            symbol: pair(effect.params.symbol),
          })
        case 'set-deadline':
          return house.timers.set(stream, effect.params.name, effect.params.at)
        default:
          return assertNever(effect)
      }
    },
  })
