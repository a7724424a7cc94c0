/** The stages that stories are made of: an act, and what it leads to. */
import type { TradeProposal } from '../../actors/execution-desk.ts'
import type { NewOrder } from '../../src/adapters/exchange/simulated/venue-order.ts'
import type { Pair } from '../../src/domain/ids.ts'
import type { OrderView, Purpose } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { amount, type Numeric, roundDownTo, text, ZERO } from '../../src/domain/units.ts'
import { type Arena, BTC, type Ground, XRP } from './arena.ts'
import type { Look } from './live-child.ts'

export interface Stage {
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
  readonly ground: Ground
  /** What it costs, or what it latches, is too much for another one after it on the same account. */
  readonly isDear?: boolean
  readonly stages: readonly Stage[]
}

export const last = (orders: readonly OrderView[], purpose: Purpose): OrderView | undefined =>
  orders.filter((order) => order.request.purpose === purpose).at(-1)
export const position = (look: Look) => look.positions.at(-1)
export const isPhase =
  (phase: string) =>
  (look: Look): boolean =>
    position(look)?.phase === phase
export const isOver = (order: OrderView): boolean => order.phase === 'done' || order.phase === 'settling'

/** Nothing is held by a position, no order of ours lives, and none is still to come. */
export const isFlat = ({ orders, plan, positions }: Look): boolean =>
  plan === null && positions.every(({ phase }) => phase === 'closed') && orders.every(isOver)

/** A part of it is gone, and the position itself tells it so. */
export const isReduced = (look: Look): boolean => {
  const [entry, one] = [last(look.orders, 'entry'), position(look)]
  return entry !== undefined && one !== undefined && amount(one.quantity).lt(entry.filled)
}

const LONG = { symbol: BTC, entryPrice: '50000', stopLoss: '49000', takeProfit: '52500' }
type Given = Parameters<Arena['life']['tell']>[0]
type Terms = Omit<Extract<Given, { type: 'signal' }>, 'type'>

const isHeld =
  (symbol: Pair) =>
  ({ orders, positions }: Look): boolean =>
    positions.some((one) => one.symbol === symbol && one.phase !== 'closed') ||
    orders.some((order) => order.request.symbol === symbol && !isOver(order))
/** Said again as long as nothing came of it: after a crash the coordinator may still wait for an earlier verdict. */
const asked = (symbol: Pair, how: Given): Stage => ({
  what: `an entry in ${symbol} at the venue`,
  act: ({ life }) => life.tell(how),
  again: (look) => !isHeld(symbol)(look),
  until: ({ orders }) => {
    const entry = last(orders, 'entry')
    return entry?.status === 'OPEN' && entry.request.symbol === symbol
  },
})
const enter = (terms: Terms = LONG): Stage => asked(terms.symbol, { type: 'signal', ...terms })
export const signal = enter()
/** A quarter of it is ours. */
export const printPart: Stage = {
  what: 'a part of the entry filled, and protected',
  act: (arena) => {
    arena.print(BTC, '49990', '0.1')
    arena.print(BTC, '50000', '0.00001')
  },
  until: (look) => last(look.orders, 'entry')?.status === 'PARTIALLY_FILLED' && isPhase('protected')(look),
}
const filledAt = (symbol: Pair, price: string): Stage => ({
  what: 'the whole entry filled, and protected',
  act: (arena) => arena.print(symbol, price, symbol === BTC ? '1000' : '1000000'),
  until: (look) => last(look.orders, 'entry')?.status === 'FILLED' && isPhase('protected')(look),
})
export const printAll = filledAt(BTC, '49990')
export const held = (terms: Terms, price: string): readonly Stage[] => [enter(terms), filledAt(terms.symbol, price)]
/** On margin, by a person's own word. */
export const heldOnMargin = (
  terms: Terms & Pick<TradeProposal, 'action' | 'leverage'>,
  price: string,
): readonly Stage[] => {
  const proposal = { confidence: 0.9, sizePct: 10, reasoning: 'by hand', ...terms }
  return [asked(terms.symbol, { type: 'trade', proposal }), filledAt(terms.symbol, price)]
}
export const flat = (what: string, act: Stage['act']): Stage => ({ what, act, until: isFlat })
export const close: Stage = {
  ...flat('a position closed by hand', ({ life }) => life.tell({ type: 'ask-close', exitPrice: '50000' })),
  again: () => true,
}

/** XRP worth a sixth of the account, at the prices that stories begin with. */
export const sixthOfAll = (balances: readonly Balance[]): Numeric => {
  const worth: Readonly<Record<string, number>> = { USDT: 1, BTC: 50_000, XRP: 1 }
  const all = balances.reduce((sum, { asset: code, total }) => sum.plus(amount(total).times(worth[code] ?? 0)), ZERO)
  return text(roundDownTo(all.div(6), 0))
}

/** Prints through what the core book has resting, and back. */
export function fillCore(arena: Arena, { orders }: Look): void {
  const order = orders.find((one) => one.request.book === 'core' && !isOver(one))
  if (order === undefined) return
  const { side, symbol } = order.request
  const base = amount(symbol === BTC ? '50000' : '1')
  arena.print(symbol, text(base.times(side === 'sell' ? '1.002' : '0.998')), '1000000')
  arena.print(symbol, text(base), '0.00001')
}

/** What a person places at the venue's own page. */
export const HAND = { via: 'rest', key: null, nonce: null } as const
export const BY_HAND: NewOrder = {
  ...{ clientOrderId: null, userref: null, symbol: XRP, side: 'buy', type: 'limit', quantity: '100' },
  ...{ quantityInQuote: false, limitPrice: '0.99', triggerPrice: null, trailing: null, limitOffset: null },
  ...{ displayQuantity: null, trigger: 'last', timeInForce: 'GTC', startsAt: null, expiresAt: null, postOnly: false },
  ...{ reduceOnly: false, leverage: 1, feeIn: 'quote', selfTrade: 'cancel-newest', close: null, deadlineAt: null },
}
