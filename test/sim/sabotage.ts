/**
 * Deliberate faults, one at a time, each in a double of something that the system is handed. They prove that the walk can
 * fail: every one must be caught. What the invariants look at is never touched.
 */
import { type Addresses, createAddresses } from '../../actors/addresses.ts'
import { type Books, createBooks } from '../../actors/books.ts'
import type { Makers } from '../../actors/start.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { orderId, tradeId, venueOrderId } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import { amount, text } from '../../src/domain/units.ts'
import type { Exchange } from '../../src/ports/exchange.ts'
import type { Journal } from '../../src/ports/journal.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'

/** What a start of the process is handed: the parts themselves, or doubles of them. */
export interface Doubles {
  exchange(real: Exchange): Exchange
  journal(real: Journal): Journal
  snapshots(real: SnapshotStore): SnapshotStore
  readonly makers: Makers
}

type Tell = Addresses['tell']
/** What a double of the addresses may ask: the way it stands in, and the books of the same life. */
type BentTell = (tell: Tell, books: () => Books) => Tell

const HONEST: Doubles = {
  exchange: (real) => real,
  journal: (real) => real,
  snapshots: (real) => real,
  makers: { addresses: createAddresses, books: createBooks },
}

/** The same exchange, one of its calls apart. */
const bentExchange = (real: Exchange, own: Partial<Exchange>): Exchange =>
  new Proxy(real, { get: (target, name) => own[name as keyof Exchange] ?? Reflect.get(target, name) })

/** The addresses with another way of telling, over the books as this life makes them. */
function bentAddresses(bend: BentTell, books: (real: Books) => Books = (real) => real): Doubles {
  let kept: Books | null = null
  const known = (): Books => {
    if (kept === null) throw new Error('the books are not made yet')
    return kept
  }
  return {
    ...HONEST,
    makers: {
      addresses: () => {
        const real = createAddresses()
        return { ...real, tell: bend(real.tell, known) }
      },
      books: (limits, history) => {
        kept = books(createBooks(limits, history))
        return kept
      },
    },
  }
}

const isOrder = (name: string): boolean => name.startsWith('order:')
const isPosition = (name: string): boolean => name.startsWith('position:')

const takenForCancelled = (order: OrderView): OrderView =>
  order.request.purpose === 'stop' && order.phase === 'cancelling'
    ? { ...order, status: 'CANCELLED', phase: 'settling' }
    : order

export const SABOTAGES = {
  /** A placement whose answer is lost is sent once more. */
  'blind-retry': () => ({
    ...HONEST,
    exchange: (real) =>
      bentExchange(real, {
        place: async (order) => {
          const answer = await real.place(order)
          return answer.kind === 'lost' ? real.place(order) : answer
        },
      }),
  }),
  /** Every execution is told twice, under two trade ids. */
  'fill-twice': () =>
    bentAddresses((tell) => (name, message) => {
      const isTold = tell(name, message)
      if (!isOrder(name) || message.type !== 'venue.filled') return isTold
      const { fill } = message
      return tell(name, { ...message, fill: { ...fill, tradeId: tradeId(`${fill.tradeId}'`) } })
    }),
  /** Once its end was told, an order hears of no more fills, neither as they come nor by look-up. */
  'drop-late-fill': () => {
    const over = new Set<string>()
    return bentAddresses((tell, books) => (name, message) => {
      if (!isOrder(name)) return tell(name, message)
      if (message.type === 'venue.cancelled' || message.type === 'venue.expired') {
        over.add(name)
        const { filled: _, ...rest } = message
        return tell(name, rest as typeof message)
      }
      if (!over.has(name)) return tell(name, message)
      if (message.type === 'venue.filled') return true
      if (message.type !== 'venue.found') return tell(name, message)
      const known = books().order(orderId(name.slice('order:'.length)))
      return tell(name, {
        ...message,
        order: { ...message.order, fills: known?.fills ?? [], filled: known?.filled ?? '0' },
      })
    })
  },
  /** What follows from a step leaves before the step is on the disk. */
  'effect-before-journal': () => ({
    ...HONEST,
    journal: (real) =>
      new Proxy(real, {
        get: (target, name) => {
          if (name === 'append')
            return ((entry, onDurable) => {
              onDurable()
              target.append(entry, () => undefined)
            }) satisfies Journal['append']
          const value: unknown = Reflect.get(target, name, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      }),
  }),
  /** Stops are taken for placed that never left. */
  'naked-entry': () => ({
    ...HONEST,
    exchange: (real) =>
      bentExchange(real, {
        place: (order) =>
          order.request.purpose === 'stop'
            ? Promise.resolve({ kind: 'done', value: { venueOrderId: venueOrderId('OAAAAA-AAAAA-AAAAAA') } })
            : real.place(order),
      }),
  }),
  /** A stop is taken for cancelled as soon as that was asked for, by its position and by the books. */
  'double-exit': () =>
    bentAddresses(
      (tell) => (name, message) =>
        isPosition(name) && message.type === 'order.reported'
          ? tell(name, { ...message, order: takenForCancelled(message.order) })
          : tell(name, message),
      (real) => ({
        ...real,
        apply: (fact) =>
          real.apply('order' in fact ? ({ ...fact, order: takenForCancelled(fact.order) } as Fact) : fact),
      }),
    ),
  /** The coordinator does not hear of a halt. */
  'ignore-halt': () =>
    bentAddresses(
      (tell) => (name, message) =>
        name === 'coordinator' && message.type === 'halt-trading' ? true : tell(name, message),
    ),
  /** Of the positions that are open, the oldest is not counted. */
  'lost-slot': () =>
    bentAddresses(
      (tell) => tell,
      (real) => ({ ...real, openPositions: (symbol) => real.openPositions(symbol).slice(1) }),
    ),
  /** A stop that is to be moved ends up two per cent lower. */
  'trail-loosens': () =>
    bentAddresses((tell) => (name, message) => {
      if (!isOrder(name) || message.type !== 'amend-order' || message.triggerPrice === undefined)
        return tell(name, message)
      return tell(name, {
        ...message,
        triggerPrice: text(amount(message.triggerPrice).times('0.98').toDecimalPlaces(1)),
      })
    }),
  /** Every charge of a position on margin is told under two ids. */
  'charge-twice': () => ({
    ...HONEST,
    exchange: (real) =>
      bentExchange(real, {
        onCharge: (listener) =>
          real.onCharge?.((flow) => {
            listener(flow)
            listener({ ...flow, flowId: `${flow.flowId}'` })
          }),
      }),
  }),
  /** The books forget what the hodl bags hold: it is free to be sold. */
  'bag-sold': () =>
    bentAddresses(
      (tell) => tell,
      (real) => ({
        ...real,
        hodl: () => {
          const book = real.hodl()
          return { ...book, bags: book.bags.map((bag) => ({ ...bag, quantity: '0' })) }
        },
      }),
    ),
  /** A position does not hear that the venue has liquidated it. */
  'forget-liquidation': () =>
    bentAddresses(
      (tell) => (name, message) =>
        isPosition(name) && message.type === 'order.reported' && message.order.request.key.includes('/liquidation/')
          ? true
          : tell(name, message),
    ),
  /** While looks cannot be written, no order leaves. */
  'snapshot-stops-trading': () => {
    let isAway = false
    let waiting: (() => void)[] = []
    return {
      ...HONEST,
      snapshots: (real) => ({
        save: async (looks) => {
          isAway = true
          await real.save(looks)
          isAway = false
          for (const go of waiting) go()
          waiting = []
        },
      }),
      exchange: (real) =>
        bentExchange(real, {
          place: async (order) => {
            if (isAway) await new Promise<void>((resolve) => waiting.push(resolve))
            return real.place(order)
          },
        }),
    }
  },
  /** What has tripped is forgotten at once. */
  'breaker-twice': () =>
    bentAddresses(
      (tell) => tell,
      (real) => ({ ...real, risk: () => ({ ...real.risk(), breakers: [] }) }),
    ),
} as const satisfies Readonly<Record<string, () => Doubles>>
export type Sabotage = keyof typeof SABOTAGES

export const isSabotage = (name: string): name is Sabotage => Object.hasOwn(SABOTAGES, name)

/** Doubles for one life of the process. */
export const doublesOf = (sabotage: Sabotage | null): Doubles => (sabotage === null ? HONEST : SABOTAGES[sabotage]())
