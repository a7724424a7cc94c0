/** The parameters of add_order and its kin, read as an order for the matching engine. */
import type {
  CloseTerms,
  NewOrder,
  PriceOffset,
  VenueOrderType,
} from '../../adapters/exchange/simulated/venue-order.ts'
import type { Side } from '../../domain/order.ts'
import { amount, type Numeric, roundToNearestStep, text } from '../../domain/units.ts'
import type { SandboxPair } from '../pairs.ts'
import { KrakenRefusal } from '../refusal.ts'
import type { Edit, SandboxVenue } from '../venue.ts'
import type { JsonFields } from './exact-json.ts'
import {
  choiceParam,
  flagParam,
  integerParam,
  numberParam,
  partParam,
  requiredText,
  sizeParam,
  textParam,
  timeParam,
} from './params.ts'

const TYPES: readonly VenueOrderType[] = [
  ...(['limit', 'market', 'iceberg', 'stop-loss', 'stop-loss-limit', 'take-profit', 'take-profit-limit'] as const),
  ...(['trailing-stop', 'trailing-stop-limit', 'settle-position'] as const),
]
const CLOSE_TYPES: readonly VenueOrderType[] = TYPES.filter(
  (type) => type !== 'market' && type !== 'settle-position' && type !== 'iceberg',
)
const TIMES_IN_FORCE = ['gtc', 'gtd', 'ioc', 'fok'] as const
const SELF_TRADES = ['cancel_newest', 'cancel_oldest', 'cancel_both'] as const
const PRICE_TYPES = ['static', 'pct', 'quote'] as const
type PriceType = (typeof PRICE_TYPES)[number]

const DEADLINE_AT_LEAST_MS = 500
const DEADLINE_AT_MOST_MS = 60_000
const DEADLINE_MS = 5_000
const INT32 = 2 ** 31
/** A UUID with dashes, 32 hexadecimal digits, or up to 18 characters of ASCII. */
const CLIENT_ID = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[\x21-\x7e]{1,18})$/i

const invalid = (name: string): KrakenRefusal => new KrakenRefusal(`EGeneral:Invalid arguments:${name}`)

/** @throws KrakenRefusal for a pair that is not listed, and for its names in REST's spelling. */
export function pairParam(params: JsonFields, venue: SandboxVenue): SandboxPair {
  const symbol = requiredText(params, 'symbol')
  const found = venue.instruments.find((each) => each.symbol === symbol)
  if (found === undefined) throw new KrakenRefusal(`Currency pair not supported ${symbol}`)
  return found
}

/** When the engine is not to take it any more: five seconds after it came, where nothing is said. */
export function deadlineParam(params: JsonFields, now: number): number {
  const at = timeParam(params, 'deadline')
  if (at === null) return now + DEADLINE_MS
  if (at < now) throw new KrakenRefusal('EService:Deadline elapsed')
  if (at < now + DEADLINE_AT_LEAST_MS || at > now + DEADLINE_AT_MOST_MS) throw invalid('deadline')
  return at
}

export function userrefParam(params: JsonFields): number | null {
  const userref = integerParam(params, 'order_userref')
  if (userref !== null && Math.abs(userref) >= INT32) throw invalid('order_userref')
  return userref
}

interface Context {
  readonly pair: SandboxPair
  readonly venue: SandboxVenue
}

/** A price as it is, or away from the last trade by an amount or by per cent; relative ones are rounded to the tick. */
export function effectivePrice(given: Numeric, type: PriceType, name: string, { pair, venue }: Context): Numeric {
  if (type === 'static') {
    if (amount(given).lt(0)) throw invalid(name)
    return given
  }
  const last = venue.market.last(pair.symbol)
  if (last === null) throw new KrakenRefusal('EService:Unavailable')
  const base = amount(last)
  const distance = type === 'pct' ? base.times(given).div(100) : amount(given)
  const price = roundToNearestStep(base.plus(distance), amount(pair.instrument.tick))
  if (price.lte(0)) throw invalid(name)
  return text(price)
}

interface PriceFields {
  readonly limit: Numeric | null
  readonly limitType: PriceType
  readonly trigger: Numeric | null
  readonly triggerType: PriceType
}

type Prices = Pick<NewOrder, 'limitPrice' | 'triggerPrice' | 'trailing' | 'limitOffset'>
const NO_PRICES: Prices = { limitPrice: null, triggerPrice: null, trailing: null, limitOffset: null }

const isTrailing = (type: VenueOrderType): boolean => type === 'trailing-stop' || type === 'trailing-stop-limit'

export function trailingOffset(given: Numeric | null, type: PriceType, name: string): PriceOffset {
  if (given === null || type === 'static' || given.startsWith('-')) throw invalid(name)
  return { offset: given, isPercent: type === 'pct' }
}

function pricesOf(type: VenueOrderType, fields: PriceFields, context: Context): Prices {
  const { limit, limitType, trigger, triggerType } = fields
  if (isTrailing(type)) {
    const trailing = trailingOffset(trigger, triggerType, 'triggers')
    if (type === 'trailing-stop') return { ...NO_PRICES, trailing }
    if (limitType === 'static') throw invalid('limit_price_type')
    return { ...NO_PRICES, trailing, limitOffset: { offset: limit ?? '0', isPercent: limitType === 'pct' } }
  }
  const isTriggered = type.startsWith('stop-loss') || type.startsWith('take-profit')
  if (isTriggered && trigger === null) throw invalid('triggers')
  const hasLimit = type === 'limit' || type === 'iceberg' || type.endsWith('-limit')
  if (hasLimit && limit === null) throw invalid('limit_price')
  return {
    ...NO_PRICES,
    triggerPrice: isTriggered ? effectivePrice(trigger ?? '0', triggerType, 'triggers', context) : null,
    limitPrice: hasLimit ? effectivePrice(limit ?? '0', limitType, 'limit_price', context) : null,
  }
}

const limitTypeParam = (params: JsonFields, type: VenueOrderType): PriceType =>
  choiceParam(params, 'limit_price_type', PRICE_TYPES, type === 'trailing-stop-limit' ? 'quote' : 'static')

/** `triggers{price, price_type}`, or the older `stop_price`. */
function priceFields(params: JsonFields, type: VenueOrderType): PriceFields {
  const triggers = partParam(params, 'triggers')
  return {
    limit: numberParam(params, 'limit_price'),
    limitType: limitTypeParam(params, type),
    trigger: triggers === null ? numberParam(params, 'stop_price') : numberParam(triggers, 'price'),
    triggerType: triggers === null ? 'static' : choiceParam(triggers, 'price_type', PRICE_TYPES, 'static'),
  }
}

const referenceOf = (params: JsonFields): 'last' | 'index' =>
  choiceParam(partParam(params, 'triggers') ?? {}, 'reference', ['last', 'index'] as const, 'last')

function closeParam(params: JsonFields, context: Context): CloseTerms | null {
  const close = partParam(params, 'conditional')
  if (close === null) return null
  const type = choiceParam(close, 'order_type', CLOSE_TYPES)
  const fields: PriceFields = {
    limit: numberParam(close, 'limit_price'),
    limitType: limitTypeParam(close, type),
    trigger: numberParam(close, 'trigger_price') ?? numberParam(close, 'stop_price'),
    triggerType: choiceParam(close, 'trigger_price_type', PRICE_TYPES, 'static'),
  }
  return { type, ...pricesOf(type, fields, context) }
}

function clientIds(params: JsonFields): Pick<NewOrder, 'clientOrderId' | 'userref'> {
  const clientOrderId = textParam(params, 'cl_ord_id')
  if (clientOrderId !== null && !CLIENT_ID.test(clientOrderId)) throw invalid('cl_ord_id')
  const userref = userrefParam(params)
  if (clientOrderId !== null && userref !== null) throw invalid('cl_ord_id and order_userref')
  return { clientOrderId, userref }
}

/** How much, and of what. */
function sizeOf(params: JsonFields, type: VenueOrderType, side: Side): Pick<NewOrder, 'quantity' | 'quantityInQuote'> {
  const cash = sizeParam(params, 'cash_order_qty')
  if (cash !== null) {
    if (type !== 'market' || side !== 'buy') throw invalid('cash_order_qty')
    return { quantity: cash, quantityInQuote: true }
  }
  const quantity = sizeParam(params, 'order_qty') ?? (type === 'settle-position' ? '0' : null)
  if (quantity === null) throw invalid('order_qty')
  return { quantity, quantityInQuote: false }
}

/** `leverage`, or `margin: true` for the highest that the pair lists, five at most. */
function leverageOf(params: JsonFields, { instrument }: SandboxPair): number {
  const leverage = integerParam(params, 'leverage')
  if (leverage !== null) return leverage
  return flagParam(params, 'margin') ? Math.max(1, ...instrument.leverages.filter((each) => each <= 5)) : 1
}

/** What add_order takes; the last five are old or for accounts of institutions, and change nothing here. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['order_type', 'side', 'order_qty', 'cash_order_qty', 'symbol', 'limit_price', 'limit_price_type', 'triggers'],
  ...['conditional', 'time_in_force', 'effective_time', 'expire_time', 'deadline', 'post_only', 'reduce_only'],
  ...['margin', 'leverage', 'cl_ord_id', 'order_userref', 'display_qty', 'fee_preference', 'stp_type', 'validate'],
  ...['token', 'stop_price', 'trigger', 'no_mpp', 'sender_sub_id', 'broker', 'ext_ord_id', 'asset_class'],
])

/** @throws KrakenRefusal for the first field that is none of add_order's, such as REST's `price`. */
export function refuseOtherFields(params: JsonFields): void {
  const other = Object.keys(params).find((name) => !FIELDS.has(name))
  if (other !== undefined) throw new KrakenRefusal(`Unsupported field: '${other}' for the given msg type: add order`)
}

/**
 * One order. `batch`: the parameters around it, of which an order in a batch takes pair and deadline.
 * @throws KrakenRefusal in Kraken's words for what cannot be read.
 */
export function orderParams(params: JsonFields, batch: JsonFields, venue: SandboxVenue, now: number): NewOrder {
  const pair = pairParam(batch, venue)
  const type = choiceParam(params, 'order_type', TYPES)
  const side = choiceParam(params, 'side', ['buy', 'sell'] as const)
  const context = { pair, venue }
  const isPostOnly = flagParam(params, 'post_only')
  const stp = choiceParam(params, 'stp_type', SELF_TRADES, 'cancel_newest')
  return {
    ...clientIds(params),
    ...{ symbol: pair.symbol, side, type },
    ...sizeOf(params, type, side),
    ...pricesOf(type, priceFields(params, type), context),
    displayQuantity: sizeParam(params, 'display_qty'),
    trigger: referenceOf(params),
    timeInForce: choiceParam(params, 'time_in_force', TIMES_IN_FORCE, 'gtc').toUpperCase() as NewOrder['timeInForce'],
    startsAt: timeParam(params, 'effective_time'),
    expiresAt: timeParam(params, 'expire_time'),
    postOnly: isPostOnly,
    reduceOnly: flagParam(params, 'reduce_only'),
    leverage: leverageOf(params, pair),
    feeIn: choiceParam(params, 'fee_preference', ['quote', 'base'] as const, 'quote'),
    selfTrade: stp.replace('_', '-') as NewOrder['selfTrade'],
    close: closeParam(params, context),
    deadlineAt: deadlineParam(batch, now),
  }
}

/** What edit_order changes of an order of that type. */
export function editParams(params: JsonFields, type: VenueOrderType, venue: SandboxVenue, now: number): Edit {
  const context = { pair: pairParam(params, venue), venue }
  const fields = priceFields(params, type)
  const [quantity, displayQuantity] = [sizeParam(params, 'order_qty'), sizeParam(params, 'display_qty')]
  const userref = userrefParam(params)
  const { limit, limitType, trigger, triggerType } = fields
  const prices: Partial<Prices> = isTrailing(type)
    ? {
        ...(trigger === null ? {} : { trailing: trailingOffset(trigger, triggerType, 'triggers') }),
        ...(limit === null ? {} : { limitOffset: { offset: limit, isPercent: limitType === 'pct' } }),
      }
    : {
        ...(limit === null ? {} : { limitPrice: effectivePrice(limit, limitType, 'limit_price', context) }),
        ...(trigger === null ? {} : { triggerPrice: effectivePrice(trigger, triggerType, 'triggers', context) }),
      }
  return {
    ...prices,
    ...(quantity === null ? {} : { quantity }),
    ...(displayQuantity === null ? {} : { displayQuantity }),
    ...(userref === null ? {} : { userref }),
    ...(params.post_only === undefined ? {} : { postOnly: flagParam(params, 'post_only') }),
    ...(params.reduce_only === undefined ? {} : { reduceOnly: flagParam(params, 'reduce_only') }),
    deadlineAt: deadlineParam(params, now),
  }
}
