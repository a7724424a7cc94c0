/** One position: its machine bound to the journal; its orders go to the order desk, its triggers to the market. */
import { positionMachine } from '../machines/position.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import { type PositionId, pair } from '../src/domain/ids.ts'
import { positionAddress } from './addresses.ts'
import type { House } from './house.ts'
import type { OrderDesk } from './orders.actor.ts'
import { type JournaledLogic, journaled } from './supervision/journaled.ts'
import type { TriggerIndex } from './trigger-index.ts'

type PositionEffect = Exclude<EffectOf<typeof positionMachine>, { type: 'publish-facts' }>
type Directives = Extract<PositionEffect, { type: 'direct-orders' }>['params']

/** Carries a position's directives to the order desk; a birth that is refused is told back, so that it is decided anew. */
function direct(house: House, orders: OrderDesk, { positionId, directives }: Directives, correlationId: string): void {
  for (const directive of directives) {
    switch (directive.kind) {
      case 'place': {
        const placed = orders.place(directive.request, { correlationId })
        if ('refused' in placed) turnAway(house, positionId, directive.request.key, placed.refused)
        break
      }
      case 'cancel':
        orders.cancel(directive.key, directive.reason)
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

export const positionLogic = (house: House, orders: OrderDesk, triggers: TriggerIndex): JournaledLogic =>
  journaled(positionMachine, {
    journal: house.journal,
    ids: house.ids,
    publish: (fact) => house.publish('positions', fact),
    unhandled: house.unhandled,
    perform: (stream, given, correlationId) => {
      const effect = given as PositionEffect
      switch (effect.type) {
        case 'direct-orders':
          return direct(house, orders, effect.params, correlationId)
        case 'watch-triggers':
          return triggers.watch(effect.params.positionId, { ...effect.params, symbol: pair(effect.params.symbol) })
        case 'set-deadline':
          return house.timers.set(stream, effect.params.name, effect.params.at)
        default:
          return assertNever(effect)
      }
    },
  })
