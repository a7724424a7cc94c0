/** The fields of AddOrder and its kin, read as an order for the matching engine. */
import type {
  CloseTerms,
  NewOrder,
  PriceOffset,
  VenueOrderType,
} from '../../adapters/exchange/simulated/venue-order.ts'
import type { Side } from '../../domain/order.ts'
import { amount, NotANumberError, type Numeric, roundToNearestStep, text } from '../../domain/units.ts'
import { parseTime } from '../../domain/utc.ts'
import { findPair, type SandboxPair } from '../pairs.ts'
import { invalidArgument, KrakenRefusal, UNKNOWN_PAIR } from '../refusal.ts'
import { type Fields, flagField, partField, requiredText, textField } from './fields.ts'

/** What the reading depends on besides the fields. */
export interface Reading {
  /** Milliseconds UTC. */
  readonly now: number
  /** Price of the pair's last trade; null before the first. */
  lastPrice(pair: SandboxPair): Numeric | null
}

const TYPES: readonly VenueOrderType[] = [
  ...(['market', 'limit', 'iceberg', 'stop-loss', 'take-profit', 'stop-loss-limit', 'take-profit-limit'] as const),
  ...(['trailing-stop', 'trailing-stop-limit', 'settle-position'] as const),
]
const CLOSE_TYPES: readonly VenueOrderType[] = TYPES.filter((type) => type !== 'market' && type !== 'settle-position')
const TIMES_IN_FORCE: readonly NewOrder['timeInForce'][] = ['GTC', 'IOC', 'GTD', 'FOK']
const SELF_TRADES: readonly NewOrder['selfTrade'][] = ['cancel-newest', 'cancel-oldest', 'cancel-both']
const FLAGS = ['post', 'fcib', 'fciq', 'nompp', 'viqc'] as const
const NUMBER = /^\d+(\.\d*)?([eE][+-]?\d{1,3})?$|^\.\d+$/
const OFFSET = /^([+\-#])(\d+(?:\.\d*)?)(%?)$/
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i
const DEADLINE_AT_MOST_MS = 60_000
const SECOND_MS = 1_000
const INT32 = 2 ** 31

/** A number above or equal to zero, as canonical text. */
export function numericField(fields: Fields, name: string): Numeric | null {
  const given = textField(fields, name)
  return given === null ? null : readNumber(given, name)
}

function readNumber(given: string, name: string): Numeric {
  if (!NUMBER.test(given)) throw invalidArgument(name)
  try {
    return text(given)
  } catch (error) {
    if (error instanceof NotANumberError) throw invalidArgument(name)
    throw error
  }
}

function oneOf<T extends string>(choices: readonly T[], given: string, name: string): T {
  const choice = choices.find((each) => each === given)
  if (choice === undefined) throw invalidArgument(name)
  return choice
}

/** @throws KrakenRefusal for a pair that is not listed. */
export function pairField(fields: Fields): SandboxPair {
  const found = findPair(requiredText(fields, 'pair'))
  if (found === null) throw new KrakenRefusal(UNKNOWN_PAIR)
  return found
}

/** Where a `#` points: towards the better price for limits and take-profits, away from it for stops. */
const sharpSign = (type: VenueOrderType, side: Side, isTrigger: boolean): 1 | -1 => {
  const isBetter = isTrigger ? type.startsWith('take-profit') : type === 'limit' || type === 'iceberg'
  return isBetter === (side === 'buy') ? -1 : 1
}

interface PriceContext {
  readonly pair: SandboxPair
  readonly type: VenueOrderType
  readonly side: Side
  readonly reading: Reading
}

/** A price as it is, or relative to the last trade: `+5`, `-1%`, `#2.5`. Relative ones are rounded to the tick. */
function readPrice(
  given: string,
  name: string,
  isTrigger: boolean,
  { pair, type, side, reading }: PriceContext,
): Numeric {
  const relative = OFFSET.exec(given)
  if (relative === null) return readNumber(given, name)
  const last = reading.lastPrice(pair)
  if (last === null) throw new KrakenRefusal('EService:Unavailable')
  const [, mark, size = '0', percent] = relative
  const sign = mark === '#' ? sharpSign(type, side, isTrigger) : mark === '-' ? -1 : 1
  const base = amount(last)
  const distance = percent === '%' ? base.times(size).div(100) : amount(size)
  const price = roundToNearestStep(base.plus(distance.times(sign)), amount(pair.instrument.tick))
  if (price.lte(0)) throw invalidArgument(name)
  return text(price)
}

/** The price that a change names, plain or relative; null where it names none. */
export function priceField(fields: Fields, name: string, isTrigger: boolean, context: PriceContext): Numeric | null {
  const given = textField(fields, name)
  return given === null ? null : readPrice(given, name, isTrigger, context)
}

/** `+5`, `-2.5%`. */
function readOffset(given: string | null, name: string, marks: string): PriceOffset {
  const relative = given === null ? null : OFFSET.exec(given)
  const [, mark = '', size = '0', percent] = relative ?? []
  if (relative === null || !marks.includes(mark)) throw invalidArgument(name)
  return { offset: text(mark === '-' ? `-${size}` : size), isPercent: percent === '%' }
}

type Prices = Pick<NewOrder, 'limitPrice' | 'triggerPrice' | 'trailing' | 'limitOffset'>
const NO_PRICES: Prices = { limitPrice: null, triggerPrice: null, trailing: null, limitOffset: null }

/** `price` and `price2` mean what the order type makes of them. */
function readPrices(price: string | null, price2: string | null, context: PriceContext): Prices {
  const primary = (isTrigger: boolean): Numeric | null =>
    price === null ? null : readPrice(price, 'price', isTrigger, context)
  const { type } = context
  if (type === 'limit' || type === 'iceberg') return { ...NO_PRICES, limitPrice: primary(false) }
  if (type === 'stop-loss' || type === 'take-profit') return { ...NO_PRICES, triggerPrice: primary(true) }
  if (type === 'stop-loss-limit' || type === 'take-profit-limit') {
    if (price2 === null) throw invalidArgument('price2')
    return { ...NO_PRICES, triggerPrice: primary(true), limitPrice: readPrice(price2, 'price2', false, context) }
  }
  if (type === 'trailing-stop') return { ...NO_PRICES, trailing: readOffset(price, 'price', '+') }
  if (type === 'trailing-stop-limit')
    return { ...NO_PRICES, trailing: readOffset(price, 'price', '+'), limitOffset: readOffset(price2, 'price2', '+-') }
  return NO_PRICES
}

function readClose(fields: Fields, side: Side, pair: SandboxPair, reading: Reading): CloseTerms | null {
  const close = partField(fields, 'close')
  if (close === null) return null
  const type = oneOf(CLOSE_TYPES, requiredText(close, 'ordertype'), 'close[ordertype]')
  const context = { pair, type, side: side === 'buy' ? 'sell' : 'buy', reading } as const
  return { type, ...readPrices(textField(close, 'price'), textField(close, 'price2'), context) }
}

/** Seconds since 1970, or `+N` from now; 0 and absent are none. Milliseconds UTC. */
function timeField(fields: Fields, name: string, now: number): number | null {
  const given = textField(fields, name)
  if (given === null || given === '0') return null
  const relative = /^%?\+(\d{1,9})$/.exec(given)
  if (relative !== null) return now + Number(relative[1]) * SECOND_MS
  if (!/^\d{1,11}(\.\d+)?$/.test(given)) throw invalidArgument(name)
  return Math.round(Number(given) * SECOND_MS)
}

/** RFC 3339, at most a minute ahead; what has passed is refused by the engine. Milliseconds UTC. */
export function deadlineField(fields: Fields, now: number): number | null {
  const given = textField(fields, 'deadline')
  if (given === null) return null
  // Digits finer than a millisecond are cut.
  const at = RFC_3339.test(given) ? parseTime(given.replace(/(\.\d{3})\d+/, '$1')) : null
  if (at === null || at > now + DEADLINE_AT_MOST_MS) throw invalidArgument('deadline')
  return at
}

/** A UUID with dashes, 32 hexadecimal digits, or up to 18 characters of ASCII. */
const CLIENT_ID = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[\x21-\x7e]{1,18})$/i

export function clientIdField(fields: Fields, name = 'cl_ord_id'): string | null {
  const given = textField(fields, name)
  if (given !== null && !CLIENT_ID.test(given)) throw invalidArgument(name)
  return given
}

/** A 32-bit number; 0 is none. */
export function userrefField(fields: Fields): number | null {
  const given = textField(fields, 'userref')
  if (given === null || given === '0') return null
  const value = /^-?\d{1,10}$/.test(given) ? Number(given) : Number.NaN
  if (!(value >= -INT32 && value < INT32)) throw invalidArgument('userref')
  return value
}

/** `none`, `2` or `2:1`. */
function leverageField(fields: Fields): number {
  const given = textField(fields, 'leverage')
  if (given === null || given === 'none') return 1
  const match = /^(\d{1,2})(:1)?$/.exec(given)
  if (match === null || match[1] === '0') throw invalidArgument('leverage')
  return Number(match[1])
}

/** `oflags`. */
export function readFlags(fields: Fields): ReadonlySet<(typeof FLAGS)[number]> {
  const given = (textField(fields, 'oflags') ?? '').split(',').filter((flag) => flag !== '')
  const flags = new Set(given.map((flag) => oneOf(FLAGS, flag.trim(), 'oflags')))
  if (flags.has('fcib') && flags.has('fciq')) throw invalidArgument('oflags')
  return flags
}

/** Times in force and their moments: an expiry without one is good till then. */
function timing(fields: Fields, now: number): Pick<NewOrder, 'timeInForce' | 'startsAt' | 'expiresAt'> {
  const expiresAt = timeField(fields, 'expiretm', now)
  const given = textField(fields, 'timeinforce')?.toUpperCase()
  const timeInForce = oneOf(TIMES_IN_FORCE, given ?? (expiresAt === null ? 'GTC' : 'GTD'), 'timeinforce')
  return { timeInForce, startsAt: timeField(fields, 'starttm', now), expiresAt }
}

/**
 * One order. `pair` is given where a batch names it once for all. @throws KrakenRefusal naming the first field that
 * cannot be read.
 */
export function readOrder(fields: Fields, reading: Reading, given: SandboxPair | null = null): NewOrder {
  const pair = given ?? pairField(fields)
  const side = oneOf(['buy', 'sell'] as const, requiredText(fields, 'type'), 'type')
  const type = oneOf(TYPES, requiredText(fields, 'ordertype'), 'ordertype')
  const [clientOrderId, userref] = [clientIdField(fields), userrefField(fields)]
  if (clientOrderId !== null && userref !== null) throw invalidArgument('cl_ord_id')
  const flags = readFlags(fields)
  const context = { pair, type, side, reading }
  return {
    ...{ clientOrderId, userref, symbol: pair.symbol, side, type },
    quantity: numericField(fields, 'volume') ?? missingVolume(type),
    quantityInQuote: flags.has('viqc'),
    ...readPrices(textField(fields, 'price'), textField(fields, 'price2'), context),
    displayQuantity: type === 'iceberg' ? numericField(fields, 'displayvol') : null,
    trigger: oneOf(['last', 'index'] as const, textField(fields, 'trigger') ?? 'last', 'trigger'),
    ...timing(fields, reading.now),
    postOnly: flags.has('post'),
    reduceOnly: flagField(fields, 'reduce_only'),
    leverage: leverageField(fields),
    feeIn: flags.has('fcib') ? 'base' : 'quote',
    selfTrade: oneOf(SELF_TRADES, textField(fields, 'stptype') ?? 'cancel-newest', 'stptype'),
    close: readClose(fields, side, pair, reading),
    deadlineAt: deadlineField(fields, reading.now),
  }
}

/** Settling a position names no size where all of it is meant. */
function missingVolume(type: VenueOrderType): Numeric {
  if (type === 'settle-position') return '0'
  throw invalidArgument('volume')
}
