/** Kraken's private WebSocket v2 frames, read into our words. Updates are sparse: what a row does not say is absent. */
import type { Flow } from '../../../domain/account-history.ts'
import {
  asset,
  baseOf,
  type OrderId,
  type Pair,
  parsePair,
  tradeId,
  type VenueOrderId,
  venueOrderId,
} from '../../../domain/ids.ts'
import type { Fill } from '../../../domain/order.ts'
import { amount, type Numeric, sumOf, text } from '../../../domain/units.ts'
import { type ControlFrame, readControl } from '../../kraken/control-frames.ts'
import {
  fieldsOf,
  numberOf,
  parseExact,
  rowsOf,
  textOf,
  timeOf,
  UnreadableError,
  type Wire,
} from '../../kraken/exact-json.ts'
import { isUnreadable } from './answer.ts'
import { FINANCING, fieldsIn, isOfTrades, ourId } from './rows.ts'

/** One row of `executions`. Fields that were not sent are undefined; null is said to be none. */
export interface Execution {
  readonly venueOrderId: VenueOrderId
  readonly clientOrderId: OrderId | null
  readonly symbol: Pair | null
  /** The pair's engine counter after it; null where it was not sent. */
  readonly count: number | null
  /** `new`, `trade`, `canceled` and so on. */
  readonly type: string
  readonly status: string | null
  readonly quantity: Numeric | undefined
  readonly limitPrice: Numeric | undefined
  readonly triggerPrice: Numeric | undefined
  /** Base units executed so far. */
  readonly filled: Numeric | undefined
  readonly fill: Fill | null
  readonly reason: string | null
  readonly at: number
}

/** A change of a balance that is no trade. */
export interface Movement {
  readonly type: string
  readonly asset: string
  readonly amount: Numeric
  /** The same as a charge for a position on margin; null for anything else. */
  readonly charge: Flow | null
}

export const PRIVATE_CHANNELS = ['executions', 'balances'] as const
export type PrivateChannel = (typeof PRIVATE_CHANNELS)[number]
export const isPrivateChannel = (name: string | null): name is PrivateChannel =>
  PRIVATE_CHANNELS.some((known) => known === name)

interface Data {
  readonly snapshot: boolean
  /** Counts the frames of a subscription; null where none was sent. */
  readonly sequence: number | null
  /** Rows that were left out, with what is wrong with each. */
  readonly unreadable: readonly string[]
}

export type PrivateFrame =
  | ControlFrame
  | (Data & { readonly kind: 'executions'; readonly rows: readonly Execution[] })
  | (Data & { readonly kind: 'balances'; readonly rows: readonly Movement[] })
  | { readonly kind: 'other' }

type Fields = { readonly [key: string]: Wire }

const textOrUndefined = (value: Wire | undefined): Numeric | undefined =>
  typeof value === 'string' ? text(value) : undefined

const symbolOf = (row: Fields): Pair | null => (typeof row.symbol === 'string' ? parsePair(row.symbol) : null)

/** What was paid, in quote units. Kraken says that fees are in quote today; one in base counts at the fill's price. */
function feeOf(row: Fields, price: Numeric): Numeric {
  const symbol = symbolOf(row)
  const fees = rowsOf(row.fees ?? [], 'fees').map((fee) => {
    const { asset, qty } = fieldsIn(fee, 'fee')
    const paid = amount(textOf(qty, 'fee qty'))
    return isBase(textOf(asset, 'fee asset'), symbol) ? paid.times(price) : paid
  })
  return text(sumOf(fees))
}

const isBase = (asset: string, symbol: Pair | null): boolean => symbol !== null && asset === baseOf(symbol)

function fillOf(row: Fields, at: number): Fill | null {
  if (typeof row.exec_id !== 'string' || row.last_qty === undefined) return null
  const price = text(textOf(row.last_price, 'last_price'))
  return {
    tradeId: tradeId(row.exec_id),
    price,
    quantity: text(textOf(row.last_qty, 'last_qty')),
    fee: feeOf(row, price),
    liquidity: row.liquidity_ind === 'm' ? 'maker' : 'taker',
    at,
  }
}

/** A relative trigger is a distance; where the venue has put it is `stop_price`. */
function triggerOf(row: Fields): Numeric | undefined {
  const triggers = fieldsOf(row.triggers)
  if (triggers !== null && (triggers.price_type ?? 'static') === 'static') return textOrUndefined(triggers.price)
  return textOrUndefined(row.stop_price)
}

function execution(value: Wire): Execution {
  const row = fieldsIn(value, 'executions row')
  const at = timeOf(row.timestamp, 'timestamp')
  const reason = row.reason ?? row.cancel_reason
  return {
    venueOrderId: venueOrderId(textOf(row.order_id, 'order_id')),
    clientOrderId: ourId(row.cl_ord_id),
    symbol: symbolOf(row),
    count: row.ratecount === undefined ? null : numberOf(row.ratecount, 'ratecount'),
    type: textOf(row.exec_type, 'exec_type'),
    status: typeof row.order_status === 'string' ? row.order_status : null,
    quantity: textOrUndefined(row.order_qty),
    limitPrice: textOrUndefined(row.limit_price),
    triggerPrice: triggerOf(row),
    filled: textOrUndefined(row.cum_qty),
    fill: fillOf(row, at),
    reason: typeof reason === 'string' ? reason : null,
    at,
  }
}

/** A charge for a position on margin. */
function chargeOf(row: Fields): Flow {
  const fee = text(textOf(row.fee ?? '0', 'fee'))
  return {
    ...{
      flowId: textOf(row.ledger_id, 'ledger_id'),
      kind: 'financing',
      tradeId: tradeId(textOf(row.ref_id, 'ref_id')),
    },
    asset: asset(textOf(row.asset, 'asset')),
    amount: text(amount(textOf(row.amount, 'amount')).minus(fee)),
    ...{ fee, at: timeOf(row.timestamp, 'timestamp') },
  }
}

/** Null for what trading does to a balance, and for the balances themselves in a snapshot. */
function movement(value: Wire): Movement | null {
  const row = fieldsIn(value, 'balances row')
  if (typeof row.type !== 'string' || isOfTrades(row.type)) return null
  const charge = row.type === FINANCING ? chargeOf(row) : null
  return { type: row.type, asset: textOf(row.asset, 'asset'), amount: text(textOf(row.amount, 'amount')), charge }
}

/** Every row by itself: one that is unreadable does not take the others with it. */
function readRows<T>(value: Wire | undefined, channel: string, read: (row: Wire) => T | null) {
  const rows: T[] = []
  const unreadable: string[] = []
  for (const row of rowsOf(value, `${channel} data`)) {
    try {
      const made = read(row)
      if (made !== null) rows.push(made)
    } catch (error) {
      if (!isUnreadable(error)) throw error
      unreadable.push(error.message)
    }
  }
  return { rows, unreadable }
}

/**
 * Reads one text frame.
 * @throws UnreadableError for a frame that is not what Kraken documents.
 */
export function readPrivateFrame(sent: string): PrivateFrame {
  const frame = fieldsOf(parseExact(sent))
  if (frame === null) throw new UnreadableError('a frame is not an object')
  const control = readControl(frame)
  if (control !== null) return control
  const snapshot = frame.type === 'snapshot'
  const sequence = frame.sequence === undefined ? null : numberOf(frame.sequence, 'sequence')
  if (frame.channel === 'executions')
    return { kind: 'executions', snapshot, sequence, ...readRows(frame.data, 'executions', execution) }
  if (frame.channel === 'balances')
    return { kind: 'balances', snapshot, sequence, ...readRows(frame.data, 'balances', movement) }
  return { kind: 'other' }
}
