/**
 * The hodl bags: a share of every new high of trading profit is set aside, and spent once enough is pending, one purchase at
 * a time. Each purchase has a key of its own, so that it is made at most once.
 */
import { assign, setup } from 'xstate'
import type { DeadlineReached } from '../src/domain/commands.ts'
import type { FactDraft } from '../src/domain/facts.ts'
import * as story from '../src/domain/hodl-story.ts'
import type { Asset } from '../src/domain/ids.ts'
import type { OrderView } from '../src/domain/order.ts'
import type { Heard, OrdersReport } from '../src/domain/reports.ts'
import type { Numeric } from '../src/domain/units.ts'
import { hear, phrases, when } from './phrases.ts'
import { effect } from './step.ts'

export type HodlHears =
  | OrdersReport
  | DeadlineReached
  /** The cumulative net realised trading profit, USD, and the rules of now: a state, so that one that was lost costs nothing. */
  | (Heard & { readonly type: 'profit.told' } & story.Profit)
  /** Cash was free: it belongs to the bag from now on. */
  | (Heard & { readonly type: 'cash.transferred'; readonly key: string })
  /** Trading was resumed or reset, or the picture proved: what was put off may be tried. */
  | (Heard & { readonly type: 'trading.allowed' })

export type HodlContext = story.HodlRecord
type Orders = { readonly orders: readonly OrderView[] }

const parts = setup({
  types: { context: {} as HodlContext, events: {} as HodlHears, input: {} as story.HodlBirth },
  guards: {
    isPurchaseDue: ({ context }) => story.isPurchaseDue(context),
    isOver: ({ context }) => context.working === null,
    isUnborn: ({ context }, p: Orders) => story.isUnborn(context, p.orders),
  },
  actions: {
    'ask-purchase': effect<{ key: string; asset: Asset; budgetUsd: Numeric }>(),
    'set-deadline': effect<{ name: 'retry'; at: number | null }>(),
    'publish-facts': effect<{ facts: readonly FactDraft[] }>(),
    hear: assign((_, p: { seenAt: number }) => ({ updatedAt: p.seenAt, facts: [] })),
    hearProfit: assign(({ context }, p: story.Profit) => story.withProfit(context, p)),
    recordOrders: assign(({ context }, p: Orders) => story.withOrders(context, p.orders)),
    recordTransfer: assign(({ context }, p: { key: string }) => story.withTransfer(context, p)),
    turnAway: assign(({ context }, p: { key: string; reason: string }) => story.withTurnedAway(context, p)),
    retryNow: assign(() => story.withRetryNow()),
    putOffCapped: assign(({ context }) => story.withCapped(context)),
    begin: assign(({ context }) => story.withPurchase(context)),
  },
})

type On<T extends HodlHears['type']> = Extract<HodlHears, { type: T }>
const { call, publish, branches } = phrases<HodlContext, HodlHears>()
const { to, stay, ignore, ignoring } = branches(hear)

const tell = publish(({ facts }) => facts)
const profit = [
  call('hearProfit', (_, { profitUsd, positionId = null, rules }: On<'profit.told'>) => ({
    profitUsd,
    positionId,
    rules,
  })),
  tell,
] as const
const reportOf = call('recordOrders', (_, { order }: On<'order.reported'>) => ({ orders: [order] }))
const ordersOf = (_: HodlContext, { orders }: On<'orders.recovered'>) => ({ orders })
const recover = [call('recordOrders', ordersOf), tell] as const
const ask = call('ask-purchase', (hodl) => story.askedPurchase(hodl))
const keyOf = (_: HodlContext, { key }: On<'cash.transferred'>) => ({ key })
const refusal = (_: HodlContext, { key, reason }: On<'order.turnedAway'>) => ({ key, reason })

export const hodlMachine = parts.createMachine({
  id: 'hodl',
  description: 'What profits set aside, and the purchases that it pays for.',
  options: { maxIterations: 100 },
  context: ({ input }) => story.newHodl(input),
  initial: 'resting',
  states: {
    resting: {
      description: 'Nothing is being bought; what was put off waits for its time.',
      entry: ['putOffCapped', tell, call('set-deadline', (hodl) => ({ name: 'retry', at: story.retryTime(hodl) }))],
      always: { guard: 'isPurchaseDue', target: 'buying', actions: ['begin', ask] },
      on: {
        'profit.told': { ...to('resting', ...profit), reenter: true },
        'deadline.reached': { ...to('resting'), reenter: true },
        'trading.allowed': { ...to('resting', 'retryNow' as const), reenter: true },
        'order.reported': stay(reportOf, tell),
        'orders.recovered': { ...to('resting', ...recover), reenter: true },
        ...ignoring('Nothing is being bought.', 'order.turnedAway', 'cash.transferred'),
      },
    },
    buying: {
      description: 'One purchase is asked for or at work; every fill counts as it comes.',
      always: { guard: 'isOver', target: 'resting' },
      on: {
        'profit.told': stay(...profit),
        'order.reported': stay(reportOf, tell),
        'order.turnedAway': stay(call('turnAway', refusal), tell),
        'cash.transferred': stay(call('recordTransfer', keyOf), tell),
        'orders.recovered': [when(call('isUnborn', ordersOf), stay(...recover, ask)), stay(...recover)],
        'deadline.reached': ignore('A deadline of an earlier state.'),
        'trading.allowed': stay('retryNow' as const),
      },
    },
  },
})
