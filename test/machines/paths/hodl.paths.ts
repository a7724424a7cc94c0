/** The hodl bags: two new highs, purchases that fill, fill in part, end, are turned away and come back from a restart. */
import { type HodlContext, type HodlHears, hodlMachine } from '../../../machines/hodl.machine.ts'
import type { FactDraft } from '../../../src/domain/facts.ts'
import { bagOf, type HodlBook, type HodlRules } from '../../../src/domain/hodl.ts'
import { asset, pair } from '../../../src/domain/ids.ts'
import type { OrderStatus, OrderView } from '../../../src/domain/order.ts'
import { amount, sumOf } from '../../../src/domain/units.ts'
import type { PathModel, Taken } from './explore.ts'
import { entryRequest, NOON } from './order-events.ts'
import { unheard } from './position-events.ts'

type Hodl = typeof hodlMachine

const [USDT, BTC] = [asset('USDT'), asset('BTC')]
/** Half and half, and a cap that the second purchase of a day runs into. */
export const rules: HodlRules = {
  ...{ enabled: true, allocationPct: '10', minProfitUsd: '1', dailyCapUsd: '30' },
  shares: [
    { asset: USDT, sharePct: '50', executeAtUsd: '1' },
    { asset: BTC, sharePct: '50', executeAtUsd: '15' },
  ],
}
const HIGHS = ['400', '800']

/** So many USD of the purchase were filled, at 10 USD a coin, without a fee. */
export function viewOf({ key }: { readonly key: string }, status: OrderStatus, usd: number): OrderView {
  const request = {
    ...entryRequest,
    key,
    symbol: pair('BTC/USDT'),
    side: 'buy',
    purpose: 'hodl',
    book: 'core',
  } as const
  return { ...unheard(request, NOON), status, phase: 'open', filled: String(usd / 10), cost: String(usd), fees: '0' }
}

function hodlEvents({ purchases, working, book, updatedAt, retryAt }: HodlContext): readonly HodlHears[] {
  const seenAt = updatedAt + 100
  const next = HIGHS.find((high) => amount(high).gt(amount(book.highUsd)))
  const last = purchases.at(-1)
  const whole = Number(last?.budgetUsd ?? 0)
  const views =
    last === undefined || last.asset === USDT
      ? []
      : [
          viewOf(last, 'PARTIALLY_FILLED', whole / 4),
          viewOf(last, 'FILLED', whole),
          viewOf(last, 'CANCELLED', whole / 4),
          viewOf(last, 'EXPIRED', 0),
        ]
  const key = working ?? 'hodl/BTC/none'
  const retry = Math.max(seenAt, ...Object.values(retryAt))
  const reports = views.map((order) => ({ type: 'order.reported', order, seenAt }) as const)
  // Purchases without end say nothing new.
  if (purchases.length > 3) return reports
  return [
    { type: 'profit.told', profitUsd: '-5', rules, seenAt },
    ...(next === undefined ? [] : [{ type: 'profit.told', profitUsd: next, rules, seenAt } as const]),
    ...reports,
    { type: 'orders.recovered', orders: [], seenAt },
    ...views.map((order) => ({ type: 'orders.recovered', orders: [order], seenAt }) as const),
    { type: 'order.turnedAway', key, reason: 'PAUSED', seenAt },
    { type: 'cash.transferred', key, seenAt },
    { type: 'trading.allowed', seenAt },
    { type: 'deadline.reached', name: 'retry', dueAt: 1, seenAt },
    { type: 'deadline.reached', name: 'retry', dueAt: retry, seenAt: retry },
  ]
}

const factsOf = ({ after: { effects } }: Taken<Hodl>): readonly FactDraft[] =>
  effects.flatMap(({ type, params }) =>
    type === 'publish-facts' ? (params as { facts: readonly FactDraft[] }).facts : [],
  )
/** All that was ever set aside: what is pending and what was spent. */
const setAside = (book: HodlBook) => sumOf(book.bags.flatMap((bag) => [amount(bag.pendingUsd), amount(bag.spentUsd)]))

/** What is set aside is the share of the highest profit; nothing else makes it more or less. */
function shareOfTheHighIsKept({ before, after: { state } }: Taken<Hodl>): void {
  const { book } = state.context
  if (!setAside(book).eq(amount(book.highUsd).div(10)))
    throw new Error(`${setAside(book)} of ${book.highUsd} is set aside`)
  if (amount(book.highUsd).lt(amount(before.context.book.highUsd))) throw new Error('a high was taken back')
}

/** A bag holds what its purchases brought, to the last unit, and the facts tell the same. */
function bagsAreTheirPurchases(taken: Taken<Hodl>): void {
  const { context } = taken.after.state
  const filled = sumOf(context.purchases.filter((one) => one.asset === BTC).map((one) => amount(one.filled)))
  if (!filled.eq(amount(bagOf(context.book, BTC).quantity))) throw new Error(`the bag is not the ${filled} bought`)
  const told = factsOf(taken).flatMap((fact) => (fact.type === 'hodl.bought' ? [amount(fact.quantity)] : []))
  const held = ({ book }: HodlContext) => sumOf(book.bags.map((bag) => amount(bag.quantity)))
  if (!sumOf(told).eq(held(context).minus(held(taken.before.context)))) throw new Error('told is not what came in')
  const last = factsOf(taken)
    .flatMap((fact) => ('hodl' in fact ? [fact.hodl] : []))
    .at(-1)
  if (last !== undefined && last !== context.book) throw new Error('the book as it was told is not the book as it is')
}

/** One purchase at a time, each key asked for once unless its order was never born, within what is pending and the cap. */
function purchasesAreAskedOnce({ before, event, after: { state, effects } }: Taken<Hodl>): void {
  const asked = effects.flatMap(({ type, params }) =>
    type === 'ask-purchase' ? [params as { key: string; asset: string; budgetUsd: string }] : [],
  )
  for (const { key, asset: of, budgetUsd } of asked) {
    const isKnown = before.context.purchases.some((one) => one.key === key)
    const isLost = event.type === 'orders.recovered' && before.context.working === key
    if (isKnown && !isLost) throw new Error(`${key} was asked for twice`)
    if (amount(budgetUsd).gt(amount(bagOf(state.context.book, of as typeof BTC).pendingUsd)))
      throw new Error(`${key} costs more than is pending`)
  }
  if (asked.length > 1 && event.type !== 'cash.transferred') throw new Error('two purchases at once')
  for (const usd of Object.values(state.context.spent.usd))
    if (amount(usd).gt(amount(rules.dailyCapUsd))) throw new Error(`${usd} USD in a day`)
}

export const hodlPaths: PathModel<Hodl> = {
  machine: hodlMachine,
  input: { rules, seenAt: NOON },
  required: ['resting', 'buying'],
  events: ({ context }) => hodlEvents(context),
  abstract: ({ book, working, purchases, retryAt, postponed, updatedAt }) => ({
    ...{ book, working, postponed, last: purchases.at(-1)?.filled ?? null },
    waits: Object.entries(retryAt).map(([of, at]) => [of, at > updatedAt]),
    count: purchases.length,
  }),
  check: (taken) => {
    shareOfTheHighIsKept(taken)
    bagsAreTheirPurchases(taken)
    purchasesAreAskedOnce(taken)
  },
}
