/** The core book in stories: what it has resting is filled, and what it told is added up against the balances. */
import type { Fact } from '../../src/domain/facts.ts'
import { type Asset, baseOf, quoteOf } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import type { Balance, PlanView } from '../../src/domain/portfolio.ts'
import { type Amount, amount, text } from '../../src/domain/units.ts'
import { BTC, MINUTE, type World, XRP } from './whole-system.ts'

/** The plan as the last of its facts told it. */
export function planOf(world: World): PlanView {
  const last = world.facts.flatMap(({ fact }) => ('plan' in fact && fact.plan !== undefined ? [fact.plan] : [])).at(-1)
  if (last === undefined) throw new Error('no plan was told')
  return last
}

const STEP = { [BTC]: '10', [XRP]: '0.0002' } as const
export type Prices = Readonly<Record<string, string>>

/** Goes through every resting order of the core book, and back to `prices`. */
function fillResting(world: World, prices: Prices): void {
  const resting = world
    .orders()
    .filter(({ request, status }) => request.book === 'core' && (status === 'OPEN' || status === 'PARTIALLY_FILLED'))
  for (const { request, limitPrice } of resting) {
    const step = amount(STEP[request.symbol] ?? '0')
    const through = amount(limitPrice ?? '0').plus(request.side === 'buy' ? step.negated() : step)
    world.print(request.symbol, text(through), '1000000')
    world.print(request.symbol, prices[request.symbol] ?? text(through))
  }
}

/** Lets so much time go by; what the core book has resting is filled within minutes. */
export async function liveOn(world: World, ms: number, prices: Prices): Promise<void> {
  const until = world.clock.now() + ms
  while (world.clock.now() < until) {
    await world.pass(Math.min(5 * MINUTE, until - world.clock.now()))
    fillResting(world, prices)
  }
  await world.pass(1_000)
}

/** Every change of a balance that was told, by who told it. */
export interface Entry {
  readonly account: 'trading' | 'rebalance' | 'hodl'
  readonly asset: Asset
  readonly change: Amount
}

const sided = (side: OrderView['request']['side'], of: Amount): Amount => (side === 'buy' ? of : of.negated())
const moved = (
  account: Entry['account'],
  { symbol, side }: Pick<OrderView['request'], 'symbol' | 'side'>,
  { quantity, cost, fees }: { readonly quantity: string; readonly cost: string; readonly fees: string },
): readonly Entry[] => [
  { account, asset: baseOf(symbol), change: sided(side, amount(quantity)) },
  { account, asset: quoteOf(symbol), change: sided(side, amount(cost)).negated().minus(amount(fees)) },
]

function entriesOf(fact: Fact): readonly Entry[] {
  switch (fact.type) {
    case 'order.filled':
    case 'order.partiallyFilled': {
      const { fill, order } = fact
      if (order.request.book !== 'trading') return []
      const cost = text(amount(fill.price).times(amount(fill.quantity)))
      return moved('trading', order.request, { quantity: fill.quantity, cost, fees: fill.fee })
    }
    case 'rebalance.tradeExecuted':
      return moved('rebalance', fact, fact)
    case 'hodl.bought':
      // Cash that became the bag's moved on paper alone.
      return fact.orderId === null
        ? []
        : moved('hodl', { symbol: fact.asset === 'BTC' ? BTC : XRP, side: 'buy' }, { ...fact, cost: fact.valueUsd })
    default:
      return []
  }
}
export const entries = (world: World): readonly Entry[] => world.facts.flatMap(({ fact }) => entriesOf(fact))

export interface Line {
  readonly asset: string
  readonly start: string
  readonly trading: string
  readonly rebalance: string
  readonly hodl: string
  readonly end: string
  readonly balance: string
}

/** The day as a statement by asset: what it began with, what was told, what that comes to, and what the venue says. */
export function statement(world: World, start: Prices, balances: readonly Balance[]): readonly Line[] {
  const all = entries(world)
  const total = (of: string, account: Entry['account']) =>
    all
      .filter((one) => one.asset === of && one.account === account)
      .reduce((sum, one) => sum.plus(one.change), amount(0))
  return Object.keys(start).map((of) => {
    const [trading, rebalance, hodl] = [total(of, 'trading'), total(of, 'rebalance'), total(of, 'hodl')]
    const end = amount(start[of] ?? 0)
      .plus(trading)
      .plus(rebalance)
      .plus(hodl)
    const balance = balances.find((one) => one.asset === of)?.total ?? '0'
    return {
      ...{ asset: of, start: start[of] ?? '0', trading: text(trading), rebalance: text(rebalance), hodl: text(hodl) },
      ...{ end: text(end), balance },
    }
  })
}
