/** What trading on margin and circuit breakers bring about. Each begins and ends flat, like the others. */
import { amount } from '../../src/domain/units.ts'
import { BTC, XRP } from './arena.ts'
import type { Look } from './live-child.ts'
import {
  flat,
  held,
  heldOnMargin,
  isFlat,
  isOver,
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

export const STORIES_OF_RISK: readonly Story[] = [...ON_MARGIN, ...BREAKERS]
