/** What journaled orders write down over their lives: the machine's own facts, without an actor around it. */
import { orderMachine } from '../../machines/order.machine.ts'
import { type Effect, start, step } from '../../machines/step.ts'
import type { Approved } from '../../src/domain/approved.ts'
import type { Fact, FactDraft, Origin } from '../../src/domain/facts.ts'
import { orderId, tradeId, type VenueOrderId, venueOrderId } from '../../src/domain/ids.ts'
import type { Fill, OrderRequest } from '../../src/domain/order.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'

const POLICY = { acknowledgeMs: 5_000, cancelMs: 5_000, lateFillMs: 60_000, lookUpFirstMs: 1_000, lookUpMaxMs: 30_000 }
type Heard = Parameters<typeof step<typeof orderMachine>>[2] & { readonly origin?: Origin }

const draftsOf = (effects: readonly Effect[]): readonly FactDraft[] =>
  effects.flatMap(({ type, params }) =>
    type === 'publish-facts' ? [...(params as { facts: readonly FactDraft[] }).facts] : [],
  )

/** The journal's entries of one order that hears all this. */
export function lifeOf(
  id: string,
  request: Approved<OrderRequest>,
  bornAt: number,
  heard: readonly Heard[],
): readonly JournalEntry[] {
  let ids = 0
  const next = (): string => {
    ids += 1
    return `${id}-${ids}`
  }
  const entryOf = (message: { type: string; seenAt: number; origin?: Origin }, effects: readonly Effect[]) => {
    const heardId = next()
    const { type, seenAt, origin = 'live', ...body } = message
    const story = { causedBy: heardId, correlationId: id, seenAt }
    const facts = draftsOf(effects).map(
      (draft) => ({ ...draft, ...story, id: next(), at: draft.at ?? seenAt, origin: draft.origin ?? origin }) as Fact,
    )
    const told = { id: heardId, type, body: { ...body, seenAt }, correlationId: id, causationId: null, at: seenAt }
    return { stream: `order:${id}`, heard: told, facts }
  }
  const birth = { type: 'place-order', orderId: orderId(id), request, policy: POLICY, seenAt: bornAt }
  const born = start(orderMachine, birth)
  const entries: JournalEntry[] = [entryOf(birth, born.effects)]
  let { state } = born
  for (const message of heard) {
    const after = step(orderMachine, state, message)
    if (!after.handled) throw new Error(`${message.type} was not handled`)
    state = after.state
    entries.push(entryOf(message, after.effects))
  }
  return entries
}

interface LifeOptions {
  readonly id: string
  readonly request: Approved<OrderRequest>
  /** When it was intended, milliseconds UTC. */
  readonly at: number
  readonly fills: readonly Fill[]
  readonly origin?: Origin
}

/** Sent, acknowledged, filled by these fills, settled. */
export function filledLife({ id, request, at, fills, origin = 'live' }: LifeOptions): readonly JournalEntry[] {
  const atVenue = venueOrderId(`V-${id}`)
  const lastAt = at + 2 + fills.length
  return lifeOf(id, request, at, [
    { type: 'venue.sent', seenAt: at + 1 },
    { type: 'venue.acknowledged', venueOrderId: atVenue, seenAt: at + 2 },
    ...fills.map((fill, index) => ({
      ...({ type: 'venue.filled', venueOrderId: atVenue, fill, seenAt: at + 3 + index } as const),
      origin,
    })),
    { type: 'deadline.reached', name: 'settle', dueAt: lastAt + POLICY.lateFillMs, seenAt: lastAt + POLICY.lateFillMs },
  ])
}

/** What an order hears that is cancelled before anything of it was filled. */
export const cancelled = (at: number, atVenue: VenueOrderId): readonly Heard[] => [
  { type: 'venue.sent', seenAt: at + 1 },
  { type: 'venue.acknowledged', venueOrderId: atVenue, seenAt: at + 2 },
  { type: 'cancel-order', reason: 'no longer wanted', seenAt: at + 3 },
  { type: 'venue.cancelled', reason: 'User requested', seenAt: at + 4 },
]

/** Sent, acknowledged, cancelled, settled; filled by nothing. */
export function cancelledLife({ id, request, at }: Omit<LifeOptions, 'fills'>): readonly JournalEntry[] {
  const settledAt = at + 4 + POLICY.lateFillMs
  return lifeOf(id, request, at, [
    ...cancelled(at, venueOrderId(`V-${id}`)),
    { type: 'deadline.reached', name: 'settle', dueAt: settledAt, seenAt: settledAt },
  ])
}

export const fillAt = (id: string, price: string, quantity: string, fee: string, at: number): Fill => ({
  ...{ tradeId: tradeId(id), price, quantity, fee, liquidity: 'taker', at },
})
