/** What traders do, as often as it takes: each story begins and ends flat, and its stages are the same after a crash. */
import type { OrderView, Purpose } from '../../src/domain/order.ts'
import type { Arena } from './arena.ts'
import { BTC } from './arena.ts'
import type { Look } from './live-child.ts'

interface Stage {
  readonly what: string
  act(arena: Arena): void
  /** The act is repeated every two seconds. */
  readonly again?: boolean
  /** What the market does as long as it has not come about. */
  meanwhile?(arena: Arena, look: Look): void
  /** What the act leads to; the next stage begins then. */
  until(look: Look): boolean
}

export interface Story {
  readonly name: string
  readonly stages: readonly Stage[]
}

const last = (orders: readonly OrderView[], purpose: Purpose): OrderView | undefined =>
  orders.filter((order) => order.request.purpose === purpose).at(-1)
const position = (look: Look) => look.positions.at(-1)
const isPhase =
  (phase: string) =>
  (look: Look): boolean =>
    position(look)?.phase === phase
const isOver = (order: OrderView): boolean => order.phase === 'done' || order.phase === 'settling'

/** Nothing is held by a position, and no order of ours lives. */
export const isFlat = (look: Look): boolean =>
  look.positions.every(({ phase }) => phase === 'closed') && look.orders.every(isOver)

/** Said again as long as nothing came of it: after a crash the coordinator may still wait for an earlier verdict. */
const signal: Stage = {
  what: 'an entry at the venue',
  act: ({ life }) =>
    life.tell({ type: 'signal', symbol: BTC, entryPrice: '50000', stopLoss: '49000', takeProfit: '52500' }),
  again: true,
  until: ({ orders }) => last(orders, 'entry')?.status === 'OPEN',
}
/** A quarter of it is ours. */
const printPart: Stage = {
  what: 'a part of the entry filled, and protected',
  act: (arena) => {
    arena.print(BTC, '49990', '0.1')
    arena.print(BTC, '50000', '0.00001')
  },
  until: (look) => last(look.orders, 'entry')?.status === 'PARTIALLY_FILLED' && isPhase('protected')(look),
}
const printAll: Stage = {
  what: 'the whole entry filled, and protected',
  act: (arena) => arena.print(BTC, '49990'),
  until: (look) => last(look.orders, 'entry')?.status === 'FILLED' && isPhase('protected')(look),
}
const flat = (what: string, act: Stage['act']): Stage => ({ what, act, until: isFlat })
const close = flat('a position closed by hand', ({ life }) => life.tell({ type: 'close' }))

export const STORIES: readonly Story[] = [
  {
    name: 'filled in parts, its stop moved, closed by hand',
    stages: [
      signal,
      printPart,
      printAll,
      {
        what: 'a stop that was moved at the venue',
        act: ({ life }) => life.tell({ type: 'move-stop', stopLoss: '49400' }),
        until: ({ orders }) => last(orders, 'stop')?.triggerPrice === '49400',
      },
      close,
    ],
  },
  {
    name: 'the rest of the entry cancelled, closed by its stop',
    stages: [
      signal,
      printPart,
      {
        what: 'the rest of the entry cancelled',
        act: ({ life }) => life.tell({ type: 'cancel-entry' }),
        until: (look) => last(look.orders, 'entry')?.status === 'CANCELLED' && isPhase('protected')(look),
      },
      flat('a position closed by its stop', (arena) => arena.print(BTC, '48990')),
    ],
  },
  {
    name: 'an entry cancelled before anything was filled',
    stages: [signal, flat('a cancelled entry', ({ life }) => life.tell({ type: 'cancel-entry' }))],
  },
  {
    name: 'closed at its target',
    stages: [signal, printAll, flat('a position closed at its target', (arena) => arena.print(BTC, '52600'))],
  },
  {
    name: 'paused while an entry rests',
    stages: [
      signal,
      {
        what: 'a pause that withdraws the entry',
        act: ({ life }) => life.tell({ type: 'pause' }),
        until: (look) => isFlat(look) && look.coordinator.state === 'PAUSED',
      },
      {
        what: 'trading again',
        act: ({ life }) => life.tell({ type: 'resume' }),
        until: ({ coordinator }) => coordinator.state === 'RUNNING',
      },
    ],
  },
]
