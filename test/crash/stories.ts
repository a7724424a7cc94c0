/** What traders do, as often as it takes: each story begins and ends flat, and its stages are the same after a crash. */
import { asset } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import { amount } from '../../src/domain/units.ts'
import { BTC, XRP } from './arena.ts'
import {
  BY_HAND,
  close,
  fillCore,
  flat,
  HAND,
  isFlat,
  isOver,
  isPhase,
  isReduced,
  last,
  position,
  printAll,
  printPart,
  type Stage,
  type Story,
  signal,
  sixthOfAll,
} from './stages.ts'
import { STORIES_OF_RISK } from './stories-of-risk.ts'

/** The price moves up; the stop comes after it. */
const follows = (price: string, stop: string): Stage => ({
  what: `a stop that followed to ${stop}`,
  act: (arena) => arena.print(BTC, price),
  until: (look) => last(look.orders, 'stop')?.triggerPrice === stop && isPhase('protected')(look),
})
const surplus: Stage = {
  what: 'a rebalance that has begun',
  act: ({ sandbox }) => sandbox.venue.transfer(asset('XRP'), sixthOfAll(sandbox.venue.balances())),
  meanwhile: ({ life }) => life.tell({ type: 'rebalance' }),
  until: ({ orders }) => last(orders, 'rebalance')?.status === 'OPEN',
}

const isRebalance = ({ request }: OrderView): boolean => request.purpose === 'rebalance'

const USUAL: readonly Story[] = [
  {
    ground: 'usual',
    name: 'filled in parts, its stop moved, closed by hand',
    stages: [
      signal,
      printPart,
      printAll,
      {
        what: 'a stop that was moved at the venue',
        act: ({ life }) => life.tell({ type: 'move-stop', stopLoss: '49400' }),
        again: () => true,
        until: ({ orders }) => last(orders, 'stop')?.triggerPrice === '49400',
      },
      close,
    ],
  },
  {
    ground: 'usual',
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
    ground: 'usual',
    name: 'an entry cancelled before anything was filled',
    stages: [signal, flat('a cancelled entry', ({ life }) => life.tell({ type: 'cancel-entry' }))],
  },
  {
    ground: 'usual',
    name: 'closed at its target',
    stages: [signal, printAll, flat('a position closed at its target', (arena) => arena.print(BTC, '52600'))],
  },
  {
    ground: 'usual',
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
  {
    ground: 'usual',
    name: 'too many coins of one kind, sold for the others in two parts',
    stages: [surplus, { ...flat('a finished rebalance', () => undefined), meanwhile: fillCore }],
  },
  {
    ground: 'usual',
    name: 'an order placed by hand at the venue, filled there',
    stages: [
      {
        what: "somebody else's order that is known",
        act: ({ sandbox }) => void sandbox.venue.place(BY_HAND, { validate: false, origin: HAND }),
        until: ({ orders }) => last(orders, 'external')?.status === 'OPEN',
      },
      flat('what it traded is known too', (arena) => arena.print(XRP, '0.989')),
    ],
  },
  {
    ground: 'usual',
    name: 'a stop that follows the price up, and sells it',
    stages: [
      signal,
      printAll,
      {
        what: 'a stop that is to follow',
        act: ({ life }) => life.tell({ type: 'trail', distancePct: '1', activationPct: '0.5' }),
        until: (look) => position(look)?.trailing?.distancePct === '1',
      },
      follows('50600', '50094'),
      follows('51200', '50688'),
      flat('a position closed by the stop that followed', (arena) => arena.print(BTC, '50680')),
    ],
  },
  {
    ground: 'usual',
    name: 'half of it sold, the rest closed by hand',
    stages: [
      signal,
      printAll,
      {
        what: 'half of it sold, and the rest protected',
        act: ({ life }) => life.tell({ type: 'reduce', share: '0.5' }),
        until: (look) =>
          last(look.orders, 'exit')?.status === 'FILLED' && isReduced(look) && isPhase('protected')(look),
      },
      close,
    ],
  },
  {
    ground: 'bags',
    name: 'a profit that buys for the bags, the first of them in parts',
    stages: [
      signal,
      printAll,
      {
        what: 'a purchase for the first bag at the venue',
        act: (arena) => arena.print(BTC, '52600'),
        until: ({ orders }) => last(orders, 'hodl')?.status === 'OPEN',
      },
      {
        what: 'a part of it bought',
        act: (arena) => {
          arena.print(XRP, '0.999', '40')
          arena.print(XRP, '1', '0.00001')
        },
        until: ({ orders }) => last(orders, 'hodl')?.status === 'PARTIALLY_FILLED',
      },
      {
        what: 'all bags filled',
        act: () => undefined,
        meanwhile: fillCore,
        until: (look) => isFlat(look) && look.hodl.bags.every(({ pendingUsd }) => amount(pendingUsd).lt(1)),
      },
    ],
  },
  {
    ground: 'usual',
    name: 'target and stop reached one after the other',
    stages: [
      signal,
      printAll,
      flat('a position closed once', (arena) => {
        arena.print(BTC, '52600')
        arena.print(BTC, '48990')
      }),
    ],
  },
  {
    ground: 'usual',
    name: 'a plan held by a pause between its batches, and given up',
    // What it leaves unsold stays, and the next one's surplus would be a share of that too.
    isDear: true,
    stages: [
      surplus,
      {
        what: 'a pause after its first batch',
        act: () => undefined,
        meanwhile: (arena, look) => {
          if (look.orders.filter(isRebalance).every(isOver)) arena.life.tell({ type: 'pause' })
          else fillCore(arena, look)
        },
        until: (look) => look.coordinator.state === 'PAUSED' && look.orders.filter(isRebalance).every(isOver),
      },
      flat('a plan that was given up', ({ life }) => life.tell({ type: 'cancel-plan' })),
      {
        what: 'trading again',
        act: ({ life }) => life.tell({ type: 'resume' }),
        until: ({ coordinator }) => coordinator.state === 'RUNNING',
      },
    ],
  },
]

export const STORIES: readonly Story[] = [...USUAL, ...STORIES_OF_RISK]
