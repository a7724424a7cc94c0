/** The order machine: what two states have in common when they may be taken for one, and what must hold in each. */
import type { SnapshotFrom } from 'xstate'
import { orderMachine } from '../../../machines/order.machine.ts'
import { stampApproved } from '../../../src/domain/approved.ts'
import type { FactDraft } from '../../../src/domain/facts.ts'
import { isComplete } from '../../../src/domain/fills.ts'
import { asDoubted } from '../../../src/domain/order.ts'
import { orderView } from '../../../src/domain/order-story.ts'
import { amount, sumOf } from '../../../src/domain/units.ts'
import type { PathModel, Taken } from './explore.ts'
import { entryRequest, NOON, ORDER, orderEvents } from './order-events.ts'

type Order = typeof orderMachine

const policy = {
  ...{ acknowledgeMs: 5_000, cancelMs: 5_000, lateFillMs: 60_000, lookUpFirstMs: 1_000, lookUpMaxMs: 30_000 },
  ...{ amendMinChangePct: '0.1', amendMinIntervalMs: 5_000 },
}
const OUTCOMES: Readonly<Record<string, string>> = {
  filled: 'FILLED',
  cancelled: 'CANCELLED',
  expired: 'EXPIRED',
  failed: 'ERROR',
}

const endedAs = ({ value }: SnapshotFrom<Order>): string | undefined =>
  typeof value === 'object' ? OUTCOMES[value.settling] : undefined

function fillsAddUp({ context }: SnapshotFrom<Order>): void {
  const trades = context.fills.map((fill) => fill.tradeId)
  if (new Set(trades).size !== trades.length) throw new Error('a trade is counted twice')
  const total = sumOf(context.fills.map((fill) => amount(fill.quantity)))
  if (!total.eq(amount(context.filled))) throw new Error(`Σ fills ${total} ≠ filled ${context.filled}`)
  const cost = sumOf(context.fills.map((fill) => amount(fill.quantity).times(amount(fill.price))))
  if (!cost.eq(amount(context.cost))) throw new Error(`Σ costs ${cost} ≠ cost ${context.cost}`)
}

function endIsConsistent({ before, after: { state } }: Taken<Order>): void {
  const { outcome, filled, quantity } = state.context
  const ended = endedAs(state)
  if (ended !== undefined && ended !== outcome) throw new Error(`settling as ${ended} with outcome ${outcome}`)
  if (ended === undefined && state.value !== 'done' && outcome !== null) throw new Error(`${outcome} while it lives`)
  if (state.value === 'done' && outcome === null) throw new Error('done without an outcome')
  if (outcome !== null && (outcome === 'FILLED') !== isComplete(filled, quantity))
    throw new Error(`${outcome} with ${filled} of ${quantity} filled`)
  if (outcome === null && isComplete(filled, quantity)) throw new Error(`${filled} of ${quantity} filled, and alive`)
  if (amount(before.context.filled).gt(amount(filled))) throw new Error('filled went back')
  if (state.value === 'open' && filled !== '0') throw new Error(`open with ${filled} filled`)
}

/** One fact for each fresh fill, none without one; `order.intended` and a placement at birth only. */
function factsMatch({ before, after: { state, effects } }: Taken<Order>): void {
  const names = effects.map((effect) => effect.type)
  const isRetry = before.value === 'retrying' && state.value === 'intended'
  if (names.includes('submit-order') !== isRetry) throw new Error('placed a second time, or not again after its wait')
  if (names.includes('amend-at-venue') && before.context.amending !== null) throw new Error('two amendments at once')
  const facts = effects.flatMap(({ type, params }) =>
    type === 'publish-facts' ? (params as { facts: readonly FactDraft[] }).facts : [],
  )
  const told = facts.filter(({ type }) => type === 'order.filled' || type === 'order.partiallyFilled').length
  const fresh = state.context.fills.length - before.context.fills.length
  if (told !== fresh) throw new Error(`${fresh} new fills, ${told} told`)
  if (names.includes('cancel-at-venue') && state.value !== 'cancelling') throw new Error('cancelled outside cancelling')
}

/** After a start its owner is told that it is in doubt before that is written down: the order says the same. */
function isDoubtedAsItsOwnerIsTold({ before, event, after: { state } }: Taken<Order>): void {
  if (event.type !== 'recover-order' || typeof before.value !== 'string' || typeof state.value !== 'string') return
  const { phase, status } = asDoubted(orderView(before.context, before.value))
  const now = orderView(state.context, state.value)
  if (phase !== now.phase || status !== now.status)
    throw new Error(`${now.phase} ${now.status} after ${before.value}, and its owner is told ${phase} ${status}`)
}

export function checkOrder(taken: Taken<Order>): void {
  isDoubtedAsItsOwnerIsTold(taken)
  fillsAddUp(taken.after.state)
  endIsConsistent(taken)
  factsMatch(taken)
}

export const orderInput = {
  ...{ orderId: ORDER, request: stampApproved(entryRequest), policy, retryDelaysMs: [5_500], seenAt: NOON },
}

export const orderPaths: PathModel<Order> = {
  machine: orderMachine,
  input: orderInput,
  required: [
    ...['intended', 'submitting', 'retrying', 'unknown', 'open', 'partiallyFilled', 'cancelling', 'settling', 'done'],
    ...['settling.filled', 'settling.cancelled', 'settling.expired', 'settling.failed'],
  ],
  events: ({ context }) => orderEvents(context),
  abstract: ({ fills, quantity, cancelWanted, emptyAt, outcome, deadline, updatedAt, acceptBefore, ...rest }) => ({
    ...{ trades: fills.map((fill) => fill.tradeId).sort(), quantity, cancelWanted, outcome },
    ...{ waitsFor: deadline.at === null ? null : deadline.name, tries: rest.retries, amends: rest.amending !== null },
    ...{ wasEmpty: emptyAt !== null, isOverdue: updatedAt >= acceptBefore + 5_000 },
  }),
  check: checkOrder,
}
