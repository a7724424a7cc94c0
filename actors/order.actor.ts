/** One order: its machine bound to the journal, its effects carried to the exchange gateway and the timer service. */
import { type OrderBirth, orderMachine } from '../machines/order.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import type { ExchangeGateway } from './exchange.actor.ts'
import type { House } from './house.ts'
import { type JournaledLogic, journaled } from './supervision/journaled.ts'

export type { OrderBirth }

type OrderEffect = Exclude<EffectOf<typeof orderMachine>, { type: 'publish-facts' }>

export const orderLogic = (house: House, gateway: ExchangeGateway): JournaledLogic =>
  journaled(orderMachine, {
    journal: house.journal,
    ids: house.ids,
    publish: (fact) => house.publish('orders', fact),
    unhandled: house.unhandled,
    perform: (stream, given) => {
      const effect = given as OrderEffect
      switch (effect.type) {
        case 'submit-order':
          return gateway.submit(stream, effect.params)
        case 'amend-at-venue':
          return gateway.amend(stream, effect.params)
        case 'cancel-at-venue':
          return gateway.cancel(stream, effect.params.orderId)
        case 'look-up-order':
          return gateway.lookUp(stream, effect.params.orderId)
        case 'set-deadline':
          return house.timers.set(stream, effect.params.name, effect.params.at)
        default:
          return assertNever(effect)
      }
    },
  })
