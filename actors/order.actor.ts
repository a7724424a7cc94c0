/** One order: its machine bound to the journal, its effects carried to the exchange gateway and the timer service. */
import { orderMachine } from '../machines/order.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import type { OrderAddress } from './addresses.ts'
import type { ExchangeGateway } from './exchange.actor.ts'
import type { House } from './house.ts'
import { type JournaledLogic, journaled } from './supervision/journaled.ts'

type OrderEffect = Exclude<EffectOf<typeof orderMachine>, { type: 'publish-facts' }>

export const orderLogic = (house: House, gateway: ExchangeGateway): JournaledLogic =>
  journaled(orderMachine, {
    journal: house.journal,
    ids: house.ids,
    publish: (fact) => house.publish('orders', fact),
    unhandled: house.unhandled,
    perform: (stream, given) => {
      const effect = given as OrderEffect
      const actor = stream as OrderAddress
      switch (effect.type) {
        case 'submit-order':
          return gateway.submit(actor, effect.params)
        case 'amend-at-venue':
          return gateway.amend(actor, effect.params)
        case 'cancel-at-venue':
          return gateway.cancel(actor, effect.params.orderId)
        case 'look-up-order':
          return gateway.lookUp(actor, effect.params)
        case 'set-deadline':
          return house.timers.set(stream, effect.params.name, effect.params.at)
        default:
          return assertNever(effect)
      }
    },
  })
