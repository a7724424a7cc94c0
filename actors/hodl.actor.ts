/** The hodl bags: their machine bound to the core book and the order desk, and the desk that tells it of profits. */
import { hodlMachine } from '../machines/hodl.machine.ts'
import type { EffectOf } from '../machines/step.ts'
import { assertNever } from '../src/domain/assert.ts'
import type { Fact } from '../src/domain/facts.ts'
import { accrued, HODL_CASH, type HodlRules } from '../src/domain/hodl.ts'
import type { HodlBirth } from '../src/domain/hodl-story.ts'
import { type Asset, type PlanId, pair } from '../src/domain/ids.ts'
import type { Numeric } from '../src/domain/units.ts'
import type { CoreBook } from './core-book.ts'
import type { House } from './house.ts'
import { type JournaledInput, type JournaledLogic, journaled, type Message } from './supervision/journaled.ts'

const HODL = 'hodl'

type HodlEffect = Exclude<EffectOf<typeof hodlMachine>, { type: 'publish-facts' }>

export const hodlLogic = (house: House, core: CoreBook): JournaledLogic =>
  journaled(hodlMachine, {
    journal: house.journal,
    ids: house.ids,
    publish: (fact) => house.publish('portfolio', fact),
    unhandled: house.unhandled,
    perform: (stream, given, correlationId) => {
      const effect = given as HodlEffect
      switch (effect.type) {
        case 'ask-purchase':
          return buy(house, core, effect.params, correlationId)
        case 'set-deadline':
          return house.timers.set(stream, effect.params.name, effect.params.at)
        default:
          return assertNever(effect)
      }
    },
  })

/** Cash is moved on paper, coins are ordered; what cannot be made now is turned away. */
function buy(
  { addresses, clock }: House,
  core: CoreBook,
  { key, asset, budgetUsd }: { readonly key: string; readonly asset: Asset; readonly budgetUsd: Numeric },
  correlationId: string,
): void {
  const planId: PlanId | null = null
  const symbol = pair(`${asset}/${HODL_CASH}`)
  const isCash = asset === HODL_CASH
  const reason = isCash
    ? core.transferProblem(budgetUsd)
    : core.place({ key, symbol, side: 'buy', most: { budgetUsd }, planId, correlationId })
  const seenAt = clock.now()
  if (reason !== null) addresses.tell(HODL, { type: 'order.turnedAway', key, reason, seenAt })
  else if (isCash) addresses.tell(HODL, { type: 'cash.transferred', key, seenAt })
}

export interface HodlDesk {
  /** How its actor begins: anew, or with what the journal holds of its former life. */
  input(recorded: { readonly birth: Message; readonly history: readonly Message[] } | null): JournaledInput
  /** Tells the profit where it is a new high. */
  look(): void
  /** Facts of execution: an order of the bags, or a trade that has ended. */
  pass(fact: Fact): void
  /** What was put off may be tried now. */
  allow(): void
  /** Tells the revived bags what their orders are, and the profit and rules of now; after all orders are back. */
  recover(): void
}

export function createHodlDesk({ addresses, books, clock, settings }: House): HodlDesk {
  const rules: HodlRules = settings.portfolio.hodlRules
  const profitUsd = (): Numeric => books.statistics().pnlNet
  const tellProfit = (): void => {
    const told = { profitUsd: profitUsd(), positionId: books.lastTrade(), rules }
    addresses.tell(HODL, { type: 'profit.told', ...told, seenAt: clock.now() })
  }
  const look = (): void => {
    if (accrued(books.hodl(), profitUsd(), rules) !== null) tellProfit()
  }
  return {
    input: (recorded) => {
      const birth: HodlBirth & Message = { type: 'start-hodl', rules, seenAt: clock.now() }
      const isNew = recorded === null
      return { birth: recorded?.birth ?? birth, correlationId: null, history: recorded?.history ?? [], isNew }
    },
    look,
    pass: (fact) => {
      if (fact.type === 'position.closed' || fact.type === 'account.financed') look()
      if (!('order' in fact) || fact.order.request.purpose !== 'hodl') return
      const { id: causedBy, origin, correlationId, order } = fact
      addresses.tell(HODL, { type: 'order.reported', order, seenAt: clock.now(), causedBy, origin, correlationId })
    },
    allow: () => {
      addresses.tell(HODL, { type: 'trading.allowed', seenAt: clock.now() })
    },
    recover: () => {
      const orders = books.ordersOf(HODL)
      addresses.tell(HODL, { type: 'orders.recovered', orders, seenAt: clock.now(), origin: 'reconciled' })
      tellProfit()
    },
  }
}
