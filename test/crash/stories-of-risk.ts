/** What trading on margin and circuit breakers bring about. Each begins and ends flat, like the others. */
import type { OrderView } from '../../src/domain/order.ts'
import { type Amount, amount, text, ZERO } from '../../src/domain/units.ts'
import { type Arena, BTC, now, XRP } from './arena.ts'
import type { Look } from './live-child.ts'
import {
  flat,
  held,
  heldOnMargin,
  isFlat,
  isOver,
  isPhase,
  isReduced,
  last,
  position,
  printAll,
  type Stage,
  type Story,
  signal,
} from './stages.ts'

const SHORT = {
  symbol: BTC,
  action: 'SELL',
  leverage: 1,
  entryPrice: '50000',
  stopLoss: '51000',
  takeProfit: '47500',
} as const
const LEVERED = {
  symbol: BTC,
  action: 'BUY',
  leverage: 2,
  entryPrice: '50000',
  stopLoss: '49000',
  takeProfit: '52500',
} as const
const charged: Stage = {
  what: 'the charge for opening it booked',
  act: () => undefined,
  until: (look) => amount(position(look)?.financing ?? '0').gt(0),
}

const ON_MARGIN: readonly Story[] = [
  {
    ground: 'margin',
    name: 'a short, closed at its target',
    stages: [
      ...heldOnMargin(SHORT, '50010'),
      charged,
      flat('a short closed at its target', (arena) => arena.print(BTC, '47400')),
    ],
  },
  {
    ground: 'margin',
    name: 'a long at twice its collateral, closed by its stop',
    stages: [
      ...heldOnMargin(LEVERED, '49990'),
      charged,
      flat('a long closed by its stop', (arena) => arena.print(BTC, '48990')),
    ],
  },
]

const isOpen = (order: OrderView | undefined): boolean => order?.status === 'OPEN'
const pairRests: Stage = {
  what: 'stop and target both at the venue',
  act: () => undefined,
  until: (look) => isPhase('protected')(look) && [last(look.orders, 'stop'), last(look.orders, 'target')].every(isOpen),
}

/** The price is at the target for a moment, in which nobody bids for more than `part` of what is held. */
const sellAtTarget = (part: (held: Amount) => Amount): Stage['act'] => {
  const bid = (arena: Arena, quantity: string): void =>
    arena.sandbox.print({
      ...{ kind: 'book', symbol: BTC, at: now() },
      ...{ bids: [{ price: LEVERED.takeProfit, quantity }], asks: [{ price: '52600', quantity: '1000' }] },
    })
  return (arena) => {
    const held = arena.sandbox.venue.positions().reduce((sum, row) => sum.plus(row.quantity).minus(row.closed), ZERO)
    bid(arena, text(part(held)))
    const seen = { kind: 'trade', symbol: BTC, price: LEVERED.takeProfit, quantity: '1000', side: null } as const
    arena.sandbox.print({ ...seen, at: now() })
    // Not so far that the stop that followed would be reached.
    arena.print(BTC, '52300')
    bid(arena, '1000')
  }
}
/** Stop and target of one position, which both sell what is held: a fill of either takes from the other. */
const PAIRS: readonly Story[] = [
  {
    ground: 'margin',
    name: 'a pair, its target filled in part, then the stop',
    stages: [
      ...heldOnMargin(LEVERED, '49990'),
      pairRests,
      {
        what: 'half of it sold at the target, and a stop for the rest',
        act: sellAtTarget((held) => held.div(2).toDecimalPlaces(5)),
        until: (look) => isReduced(look) && last(look.orders, 'stop')?.quantity === position(look)?.quantity,
      },
      flat('the rest sold by its stop', (arena) => arena.print(BTC, '48990')),
    ],
  },
  {
    ground: 'margin',
    name: 'a pair, its target filled but for dust',
    // The dust stays open at the venue, and would be netted with the next one's trades.
    isDear: true,
    stages: [
      ...heldOnMargin(LEVERED, '49990'),
      pairRests,
      flat(
        'all but dust sold at the target',
        sellAtTarget((held) => held.minus('0.00003')),
      ),
    ],
  },
  {
    ground: 'margin',
    name: 'a pair, set off both within a second',
    stages: [
      ...heldOnMargin(LEVERED, '49990'),
      pairRests,
      flat('sold once', (arena) => {
        arena.print(BTC, '52600')
        arena.print(BTC, '48990')
      }),
    ],
  },
]

/** Far from where BTC is about to fall to: what a breaker does with it is its own doing. */
const OTHER = { symbol: XRP, entryPrice: '1', stopLoss: '0.97', takeProfit: '1.06' } as const
const bothHeld: readonly Stage[] = [signal, printAll, ...held(OTHER, '0.9995')]
const isLatched = ({ breakers }: Look, ...names: readonly string[]): boolean =>
  names.every((name) => breakers.some((one) => one.name === name))
/** Through the stop: 0.3 % of the account is lost. */
const crash = (what: string, until: Stage['until']): Stage => ({
  what,
  act: (arena) => arena.print(BTC, '48900'),
  until,
})

const BREAKERS: readonly Story[] = [
  {
    ground: 'drawdown',
    name: 'a fall that halts, and sells what is left of the trading book',
    isDear: true,
    stages: [
      ...bothHeld,
      crash(
        'a halt, with nothing held any more',
        (look) => look.coordinator.state === 'HALTED' && isLatched(look, 'drawdown') && isFlat(look),
      ),
      {
        what: 'trading again, the fall forgotten',
        act: ({ life }) => life.tell({ type: 'reset' }),
        until: (look) => look.coordinator.state === 'RUNNING' && look.breakers.length === 0,
      },
    ],
  },
  {
    ground: 'losses',
    name: 'a loss that pauses the day, and halves what is left for the week',
    isDear: true,
    stages: [
      ...bothHeld,
      crash('a pause, and half of the other position', (look) => {
        const [other] = look.positions.filter(({ phase }) => phase !== 'closed')
        const exits = look.orders.filter(
          ({ request }) => request.purpose === 'exit' && request.positionId === other?.positionId,
        )
        return (
          look.coordinator.state === 'PAUSED' &&
          isLatched(look, 'daily_loss', 'weekly_loss') &&
          other?.phase === 'protected' &&
          exits.length > 0 &&
          exits.every(isOver)
        )
      }),
      {
        what: 'breakers that a person has seen',
        act: ({ life }) => life.tell({ type: 'reset' }),
        until: ({ breakers }) => breakers.every(({ acknowledged }) => acknowledged),
      },
      flat('the other half closed by hand', ({ life }) => life.tell({ type: 'close' })),
    ],
  },
]

export const STORIES_OF_RISK: readonly Story[] = [...ON_MARGIN, ...PAIRS, ...BREAKERS]
