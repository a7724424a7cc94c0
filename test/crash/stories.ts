/** What traders do, as often as it takes: each story begins and ends flat, and its stages are the same after a crash. */
import type { NewOrder } from '../../src/adapters/exchange/simulated/venue-order.ts'
import { asset } from '../../src/domain/ids.ts'
import type { OrderView, Purpose } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { amount, type Numeric, roundDownTo, text, ZERO } from '../../src/domain/units.ts'
import type { Arena } from './arena.ts'
import { BTC, XRP } from './arena.ts'
import type { Look } from './live-child.ts'

interface Stage {
  readonly what: string
  act(arena: Arena): void
  /** Whether the act is repeated, every two seconds. */
  again?(look: Look): boolean
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

/** Nothing is held by a position, no order of ours lives, and none is still to come. */
export const isFlat = ({ orders, plan, positions }: Look): boolean =>
  plan === null && positions.every(({ phase }) => phase === 'closed') && orders.every(isOver)

/** Said again as long as nothing came of it: after a crash the coordinator may still wait for an earlier verdict. */
const signal: Stage = {
  what: 'an entry at the venue',
  act: ({ life }) =>
    life.tell({ type: 'signal', symbol: BTC, entryPrice: '50000', stopLoss: '49000', takeProfit: '52500' }),
  again: (look) => isFlat(look),
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

/** XRP worth a sixth of the account, at the prices that stories begin with. */
const sixthOfAll = (balances: readonly Balance[]): Numeric => {
  const worth: Readonly<Record<string, number>> = { USDT: 1, BTC: 50_000, XRP: 1 }
  const all = balances.reduce((sum, { asset: code, total }) => sum.plus(amount(total).times(worth[code] ?? 0)), ZERO)
  return text(roundDownTo(all.div(6), 0))
}

/** Prints through what the rebalancer has resting, and back. */
export function fillRebalance(arena: Arena, { orders }: Look): void {
  const order = orders.find((one) => one.request.purpose === 'rebalance' && !isOver(one))
  if (order === undefined) return
  const { side, symbol } = order.request
  const base = amount(symbol === BTC ? '50000' : '1')
  arena.print(symbol, text(base.times(side === 'sell' ? '1.002' : '0.998')), '1000000')
  arena.print(symbol, text(base), '0.00001')
}

/** What a person places at the venue's own page. */
export const HAND = { via: 'rest', key: null, nonce: null } as const
const BY_HAND: NewOrder = {
  ...{ clientOrderId: null, userref: null, symbol: XRP, side: 'buy', type: 'limit', quantity: '100' },
  ...{ quantityInQuote: false, limitPrice: '0.99', triggerPrice: null, trailing: null, limitOffset: null },
  ...{ displayQuantity: null, trigger: 'last', timeInForce: 'GTC', startsAt: null, expiresAt: null, postOnly: false },
  ...{ reduceOnly: false, leverage: 1, feeIn: 'quote', selfTrade: 'cancel-newest', close: null, deadlineAt: null },
}

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
        again: () => true,
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
  {
    name: 'too many coins of one kind, sold for the others in two parts',
    stages: [
      {
        what: 'a rebalance that has begun',
        act: ({ sandbox }) => sandbox.venue.transfer(asset('XRP'), sixthOfAll(sandbox.venue.balances())),
        meanwhile: ({ life }) => life.tell({ type: 'rebalance' }),
        until: ({ orders }) => last(orders, 'rebalance')?.status === 'OPEN',
      },
      { ...flat('a finished rebalance', () => undefined), meanwhile: fillRebalance },
    ],
  },
  {
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
]
