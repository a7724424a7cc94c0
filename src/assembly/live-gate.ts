/** What has to be so before real money is traded: the key, the account, and a probe order that places nothing. */
import { CliError } from '../cli/parts.ts'
import { type Asset, baseOf, orderId, type Pair, quoteOf } from '../domain/ids.ts'
import { type Instrument, roundToTick, roundUpToLot } from '../domain/instrument.ts'
import type { OrderRequest, Side } from '../domain/order.ts'
import type { Balance } from '../domain/portfolio.ts'
import { type Amount, amount, maxOf, type Numeric, text, ZERO } from '../domain/units.ts'
import { pairsToValue } from '../domain/valuation.ts'
import type { Clock, IdSource } from '../ports/clock.ts'
import type { Exchange, VenueAnswer } from '../ports/exchange.ts'
import type { Account } from './settings.ts'

export interface GateParts {
  readonly exchange: Pick<Exchange, 'permissions' | 'balances' | 'fees' | 'validate'>
  readonly symbols: readonly Pair[]
  readonly instruments: readonly Instrument[]
  /** The last price of a pair; null where none is known. */
  readonly lastPrice: (symbol: Pair) => Promise<Numeric | null>
  /** The venue's clock, milliseconds UTC, to the second. @throws when it does not tell */
  readonly venueTime: () => Promise<number>
  readonly clock: Clock
  readonly ids: IdSource
}

/** A probe rests far from the market and costs a little more than the least: it would be taken, and could never fill. */
const FAR_BELOW = '0.5'
const FAR_ABOVE = '2'
const MORE_THAN_LEAST = '1.1'
const PROBE_DEADLINE_MS = 5_000
/** Orders carry a deadline by our clock, of five seconds; the venue tells its own to the second. */
const MOST_APART_MS = 2_000

const told = <T>(what: string, answer: VenueAnswer<T>): T => {
  if (answer.kind === 'done') return answer.value
  const why = answer.kind === 'lost' ? answer.problem : answer.message
  throw new CliError(`live trading does not begin: ${what}: ${why}`)
}

/** A key that another process has just used may be over its count, which falls by a point in one to three seconds. */
const RATE_RETRY_MS = 3_000
const MOST_RETRIES = 5

/** Asked again while the key's count is full. @throws CliError */
async function answered<T>({ clock }: GateParts, what: string, ask: () => Promise<VenueAnswer<T>>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    const answer = await ask()
    if (answer.kind !== 'refused' || answer.code !== 'rate' || retries === MOST_RETRIES) return told(what, answer)
    await new Promise<void>((resolve) => clock.at(clock.now() + RATE_RETRY_MS, resolve))
  }
}

/** What is asked of the venue's public side, which throws. @throws CliError */
const asked = <T>(what: string, answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new CliError(`live trading does not begin: ${what}: ${why}`)
  })

/**
 * Passes when our clock is the venue's, the key may trade and not withdraw, its nonces must rise strictly, and the venue
 * would take an order of ours. Reconciliation, the last condition, follows at the system's own start. Every private call
 * spends a nonce of our block, so that from here on the venue refuses whatever an older process still sends.
 * @throws CliError
 */
export async function passLiveGate(parts: GateParts): Promise<Account> {
  const { exchange, symbols } = parts
  await compareClocks(parts)
  const { mayTrade, mayWithdraw, nonceWindowMs } = await answered(parts, "the key's permissions", () =>
    exchange.permissions(),
  )
  if (mayWithdraw)
    throw new CliError('this key may withdraw: make one at Kraken that may query and trade, and nothing else')
  if (!mayTrade) throw new CliError('this key may not trade: allow it to create, modify and cancel orders')
  if (nonceWindowMs !== null && nonceWindowMs > 0)
    throw new CliError(`this key's nonce window is ${nonceWindowMs} ms: set it to 0, or an old process could trade`)
  const balances = await answered(parts, 'balances', () => exchange.balances())
  const fees = await answered(parts, 'fees', () => exchange.fees(symbols))
  await probe(parts, balances)
  const worst = (side: 'maker' | 'taker'): Numeric =>
    text([...fees.values()].reduce<Amount>((most, fee) => maxOf(most, amount(fee[side])), ZERO))
  if (fees.size === 0) throw new CliError(`the venue told no fees of ${symbols.join(', ')}`)
  return { fees: { maker: worst('maker'), taker: worst('taker') }, held: holdings(parts.instruments, balances) }
}

/** A clock that is off would have every order refused as too late, exits among them. */
async function compareClocks({ clock, venueTime }: GateParts): Promise<void> {
  const askedAt = clock.now()
  const theirs = await asked("the venue's clock", venueTime())
  // Whatever moment of the call it was read at, and of its second.
  const behind = theirs - clock.now()
  const ahead = askedAt - (theirs + 1_000)
  const apart = Math.max(behind, ahead)
  if (apart > MOST_APART_MS)
    throw new CliError(
      `live trading does not begin: this machine's clock is ${(apart / 1000).toFixed(1)} s off Kraken's: set it`,
    )
}

/** What is held beside dollars and can be valued, through BTC or ETH too. The rest of the wallet is left alone. */
function holdings(instruments: readonly Instrument[], balances: readonly Balance[]): readonly Asset[] {
  const listed = new Set(instruments.map(({ symbol }) => symbol))
  const isValued = (of: Asset): boolean => (pairsToValue(of, listed) ?? []).length > 0
  return balances.filter(({ asset, total }) => isValued(asset) && !amount(total).isZero()).map(({ asset }) => asset)
}

/** One order that the venue checks in full and does not place, on the first pair that the account could trade. */
async function probe(parts: GateParts, balances: readonly Balance[]): Promise<void> {
  const { clock, exchange, ids } = parts
  for (const symbol of parts.symbols) {
    const request = await affordableProbe(parts, balances, symbol)
    if (request === null) continue
    const deadlineAt = clock.now() + PROBE_DEADLINE_MS
    told(
      `the probe order for ${symbol}`,
      await exchange.validate({ clientOrderId: orderId(ids.next()), request, deadlineAt }),
    )
    return
  }
  throw new CliError(
    `live trading does not begin: the account holds too little for one order in ${parts.symbols.join(', ')}`,
  )
}

async function affordableProbe(
  { instruments, lastPrice }: GateParts,
  balances: readonly Balance[],
  symbol: Pair,
): Promise<OrderRequest | null> {
  const instrument = instruments.find((one) => one.symbol === symbol)
  const last = await asked(`the price of ${symbol}`, lastPrice(symbol))
  if (instrument === undefined || last === null) return null
  const free = (code: Asset): Amount => {
    const balance = balances.find(({ asset }) => asset === code)
    return balance === undefined ? ZERO : amount(balance.total).minus(amount(balance.held))
  }
  for (const side of ['buy', 'sell'] as const) {
    const price = roundToTick(amount(last).times(side === 'buy' ? FAR_BELOW : FAR_ABOVE), instrument)
    const least = maxOf(amount(instrument.orderMin), amount(instrument.costMin).div(price))
    const quantity = roundUpToLot(least.times(MORE_THAN_LEAST), instrument)
    const needed = side === 'buy' ? quantity.times(price).times(MORE_THAN_LEAST) : quantity
    if (free(side === 'buy' ? quoteOf(symbol) : baseOf(symbol)).gte(needed))
      return probeRequest(symbol, side, text(price), text(quantity))
  }
  return null
}

const probeRequest = (symbol: Pair, side: Side, limitPrice: Numeric, quantity: Numeric): OrderRequest => ({
  ...{ key: 'live-gate/probe', symbol, side, type: 'limit', quantity, limitPrice, triggerPrice: null },
  ...{ timeInForce: 'GTC', expiresAt: null, postOnly: true, reduceOnly: false, leverage: 1 },
  ...{ intent: 'open', purpose: 'entry', book: 'trading', positionId: null, planId: null },
})
