/** Boot is recovery: the journal read back into the books, and into the streams that are not over yet. */
import type { Fact } from '../src/domain/facts.ts'
import { orderId, planId, positionId } from '../src/domain/ids.ts'
import type { Journal, JournalRow } from '../src/ports/journal.ts'
import type { Books } from './books.ts'
import type { HodlDesk } from './hodl.actor.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { PositionDesk } from './positions.actor.ts'
import type { PlanDesk } from './rebalance-plan.actor.ts'
import type { JournaledInput, Message } from './supervision/journaled.ts'

interface Stream {
  readonly birth: Message
  readonly correlationId: string | null
  readonly history: Message[]
}

export interface Recovered {
  /** Streams that have not ended, in order of birth. */
  readonly streams: ReadonlyMap<string, Stream>
  readonly rows: number
}

/** Facts that end their stream: nothing of it need be replayed any more. */
const ENDS: Readonly<Record<string, true>> = {
  'order.settled': true,
  'position.closed': true,
  'rebalance.completed': true,
  'rebalance.cancelled': true,
}

const storyOf = ({ correlationId }: JournalRow): Pick<Message, 'correlationId'> =>
  correlationId === null ? {} : { correlationId }

/** Reads the whole journal once: facts into the books, what was heard into the streams that still live. */
export async function recover(journal: Journal, books: Books): Promise<Recovered> {
  const streams = new Map<string, Stream>()
  let rows = 0
  for await (const row of journal.read()) {
    rows += 1
    if (row.kind === 'fact') {
      books.apply({ ...row.body, type: row.type, origin: 'replayed' } as Fact)
      if (ENDS[row.type] === true) streams.delete(row.stream)
      continue
    }
    // What was heard is stored with its time in the body; the row's own columns give its name and its story.
    const message = { ...row.body, type: row.type, seenAt: Number(row.body.seenAt), ...storyOf(row) }
    const stream = streams.get(row.stream)
    if (stream === undefined) streams.set(row.stream, { birth: message, correlationId: row.correlationId, history: [] })
    else stream.history.push(message)
  }
  return { streams, rows }
}

export interface Desks {
  readonly orders: OrderDesk
  readonly positions: PositionDesk
  readonly plans: PlanDesk
  readonly hodl: Pick<HodlDesk, 'recover'>
}

/** Brings orders, positions and plans back: orders first, each asking the venue, then their owners hear of them. */
export function revive(
  recovered: Recovered,
  { orders, positions, plans, hodl }: Desks,
): { orders: number; positions: number; plans: number } {
  const found = { orders: 0, positions: 0, plans: 0 }
  const owners: (() => void)[] = []
  for (const [name, { birth, correlationId, history }] of recovered.streams) {
    const input: JournaledInput = { birth, correlationId, history, isNew: false }
    const [kind, id = ''] = name.split(/:(.*)/s)
    if (kind === 'order') {
      found.orders += 1
      orders.revive(orderId(id), input)
    } else if (kind === 'position') {
      found.positions += 1
      positions.revive(positionId(id), input)
      owners.push(() => positions.recover(positionId(id)))
    } else if (kind === 'plan') {
      found.plans += 1
      plans.revive(planId(id), input)
      owners.push(() => plans.recover(planId(id)))
    }
  }
  for (const tell of owners) tell()
  hodl.recover()
  return found
}
