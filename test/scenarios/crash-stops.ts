/** Crashes of 2021 with positions open: who buys when, what every stop brought, and how it is printed. */
import type { Pair } from '../../src/domain/ids.ts'
import { pair } from '../../src/domain/ids.ts'
import type { CloseReason } from '../../src/domain/position.ts'
import { type Amount, amount, maxOf, type Numeric, sumOf, text, ZERO } from '../../src/domain/units.ts'
import { Recorded } from '../support/recorded.ts'

const HOUR = 3_600_000
const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const HELD_AT_FIRST = { USDT: '10000', BTC: '0.1', XRP: '5000' }
/** Stop and target from the last price, per cent. */
const TERMS = new Map([
  [BTC, { stopPct: 2, targetPct: 5 }],
  [XRP, { stopPct: 3, targetPct: 6.5 }],
])

export interface Crash {
  readonly name: string
  readonly from: number
  readonly to: number
  /** Both symbols are bought so often, where a slot is free. */
  readonly buysEveryMs: number
}

export const MAY_2021: Crash = {
  ...{ name: '2021-05-10 to 05-19', from: Date.UTC(2021, 4, 10), to: Date.UTC(2021, 4, 20), buysEveryMs: 8 * HOUR },
}
export const APRIL_18: Crash = {
  ...{ name: '2021-04-18', from: Date.UTC(2021, 3, 17, 12), to: Date.UTC(2021, 3, 18, 12), buysEveryMs: 2 * HOUR },
}

/** Plays a crash; a buy every so often, the first five minutes after its beginning. */
export async function playCrash(source: string, { from, to, buysEveryMs }: Crash): Promise<Recorded> {
  const recorded = await Recorded.begin({ source, symbols: [BTC, XRP], from, to, balances: HELD_AT_FIRST })
  for (let at = from + HOUR / 12; at < to; at += buysEveryMs) {
    await recorded.to(at)
    for (const [symbol, terms] of TERMS) await recorded.buy(symbol, terms)
  }
  await recorded.to(to)
  return recorded
}

/** One stop that was hit. */
export interface StopHit {
  readonly at: number
  readonly symbol: Pair
  readonly quantity: Numeric
  readonly entry: Numeric
  readonly trigger: Numeric
  /** Volume-weighted over all fills of the way out. */
  readonly fill: Numeric
  /** Below the trigger, per cent of it. */
  readonly slippagePct: Numeric
  /** `venue`: the resting stop sold it all. `local`: the second watch had to. */
  readonly by: 'venue' | 'local'
  readonly reason: CloseReason | null
  readonly net: Numeric
}

export function stopHits(recorded: Recorded): readonly StopHit[] {
  const filled = recorded.factsOf('order.filled')
  return recorded.factsOf('position.stopHit').map(({ at, position }) => {
    const { positionId, symbol, entryPrice, stopLoss, exitPrice, realisedGross, fees, closeReason: reason } = position
    const ownStop = filled.find(
      ({ order }) => order.request.positionId === positionId && order.request.purpose === 'stop',
    )
    const entered = recorded.system.house.books
      .ordersOf(positionId)
      .filter(({ request }) => request.purpose === 'entry')
    return {
      ...{ at, symbol, quantity: text(sumOf(entered.map((order) => amount(order.filled)))) },
      ...{ entry: entryPrice, trigger: stopLoss, fill: exitPrice, by: ownStop === undefined ? 'local' : 'venue' },
      reason,
      slippagePct: text(amount(stopLoss).minus(exitPrice).times(100).div(stopLoss)),
      net: text(amount(realisedGross).minus(fees)),
    }
  })
}

/** What does not add up, in words; nothing where all of it does. */
export async function misfits(recorded: Recorded): Promise<readonly string[]> {
  const found: string[] = []
  const expect = (what: string, one: Amount, other: Amount): void => {
    if (!one.eq(other)) found.push(`${what}: ${one} is not ${other}`)
  }
  const { books } = recorded.system.house
  const statement = await recorded.statement()
  const { equityStart, tradingNet, rebalancingFees, revaluation, flows, equityEnd } = statement
  const parts = [equityStart, tradingNet, rebalancingFees, revaluation, flows].map((part) => amount(part))
  expect('the statement', sumOf(parts), amount(equityEnd))
  let net: Amount = ZERO
  for (const { position } of recorded.factsOf('position.closed')) {
    const orders = books.ordersOf(position.positionId)
    const cost = (side: 'buy' | 'sell') =>
      sumOf(orders.filter(({ request }) => request.side === side).map((order) => amount(order.cost)))
    const volume = (side: 'buy' | 'sell') =>
      sumOf(orders.filter(({ request }) => request.side === side).map((order) => amount(order.filled)))
    const fees = sumOf(orders.map((order) => amount(order.fees)))
    const own = amount(position.realisedGross).minus(position.fees).minus(position.financing)
    expect(
      `net of ${position.positionId}`,
      cost('sell').minus(cost('buy')).minus(fees).toDecimalPlaces(8),
      own.toDecimalPlaces(8),
    )
    expect(`volume of ${position.positionId}`, volume('buy'), volume('sell'))
    net = net.plus(own)
  }
  const open = recorded.system.positions.exposure().total
  const ofOpen = amount(open.unrealisedUsd ?? 'NaN').minus(open.feesUsd ?? 'NaN')
  expect('trading net', net.plus(ofOpen).toDecimalPlaces(8), amount(tradingNet).toDecimalPlaces(8))
  for (const balance of await recorded.answered(recorded.venue.balances()))
    expect(`${balance.asset} in the books`, amount(books.totals()?.[balance.asset] ?? 0), amount(balance.total))
  return found
}

const when = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ')
const places = (value: Numeric, count: number): string => amount(value).toFixed(count)

/** Markdown, a line for each stop. */
export function stopTable(hits: readonly StopHit[]): string {
  const rows = hits.map(({ at, symbol, quantity, entry, trigger, fill, slippagePct, by, net, reason }) => {
    const digits = symbol === XRP ? 5 : 1
    const prices = [entry, trigger, fill].map((one) => places(one, digits))
    return [
      when(at),
      symbol,
      places(quantity, symbol === XRP ? 2 : 6),
      ...prices,
      places(slippagePct, 3),
      String(reason),
      by,
      places(net, 2),
    ]
  })
  const head = ['UTC', 'pair', 'volume', 'entry', 'trigger', 'fill', 'slippage %', 'reason', 'by', 'net USDT']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** One line over all of them. */
export function stopSummary({ name }: Crash, hits: readonly StopHit[]): string {
  const slippage = hits.map(({ slippagePct }) => amount(slippagePct))
  const mean = slippage.length === 0 ? ZERO : sumOf(slippage).div(slippage.length)
  const trailing = hits.filter(({ reason }) => reason === 'trailing_stop').length
  const local = hits.filter(({ by }) => by === 'local').length
  const worst = maxOf(ZERO, ...slippage)
  return `${name}: ${hits.length} stops hit, ${trailing} of them trailing, ${local} sold by the local watch; slippage mean ${mean.toFixed(3)} %, most ${worst.toFixed(3)} %`
}
