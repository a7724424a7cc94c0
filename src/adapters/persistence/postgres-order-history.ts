/** Orders and fills read back from the projections. */
import type { OrderId } from '../../domain/ids.ts'
import type { Fill, OrderRequest } from '../../domain/order.ts'
import { type FillRecord, netProceedsOf, type OrderRecord, type StatusChange } from '../../domain/order-record.ts'
import { text } from '../../domain/units.ts'
import {
  type FillFilter,
  type HistoryPage,
  type OrderFilter,
  type OrderHistory,
  type OrderStory,
  type PageAsk,
  UnknownCursorError,
} from '../../ports/order-history.ts'
import { EXECUTION } from './execution-tables.ts'
import { canonical, type HistoryOptions, HistoryReader, moment, ms, pageOf } from './history-reader.ts'

/**
 * $1 account, $2 symbol, $3 side, $4 book, $5 from, $6 to, $7 and $8 time and name of the row before: what is null is no
 * bound, in a form that an index can follow.
 */
const filtered = (time: string, name: string, type: 'text' | 'bigint'): string => `
where r.account = $1 and ($2::text is null or r.symbol = $2) and ($3::text is null or r.side = $3)
  and ($4::text is null or r.book = $4) and ${time} >= coalesce(${moment('$5')}, '-infinity')
  and ${time} < coalesce(${moment('$6')}, 'infinity')
  and (${time}, ${name}) < (coalesce(${moment('$7')}, 'infinity'), coalesce($8::${type}, '0'))`

const FILL = `r.order_id as "orderId", r.trade_id as "tradeId", r.venue_order_id as "venueOrderId", r.symbol, r.side,
  r.price::text, r.quantity::text, r.cost::text, r.fee::text, r.fee_asset as "feeAsset", r.liquidity, r.origin, r.book,
  r.purpose, r.position_id as "positionId", r.plan_id as "planId", ${ms('r.at')} as at, r.pos::text as pos`

const FILLS = `select ${FILL} from fills r ${filtered('r.at', 'r.pos', 'bigint')} order by r.at desc, r.pos desc limit $9`
const KNOWN_FILL = `select ${ms('r.at')} as at from fills r where r.account = $1 and r.pos = $2::bigint`

const FILLS_OF_ORDER = `select ${FILL} from fills r where r.account = $1 and r.order_id = $2 order by r.pos`

const ORDER = `
select r.order_id as "orderId", r.request::text as request, r.status, r.phase, r.venue_order_id as "venueOrderId",
  r.quantity::text, r.limit_price::text as "limitPrice", r.trigger_price::text as "triggerPrice", r.filled::text,
  r.cost::text, r.fees::text, r.reason, ${ms('r.created_at')} as "createdAt", ${ms('r.updated_at')} as "updatedAt",
  ${ms('r.closed_at')} as "closedAt", coalesce(f.fills, '[]')::text as fills
from orders r left join lateral (
  select json_agg(json_build_object('tradeId', f.trade_id, 'price', f.price::text, 'quantity', f.quantity::text,
    'fee', f.fee::text, 'liquidity', f.liquidity, 'at', ${ms('f.at')}) order by f.pos) as fills
  from fills f where f.account = r.account and f.order_id = r.order_id
) f on true`

const ID = 'r.order_id collate "C"'
const ORDERS = `${ORDER} ${filtered('r.created_at', ID, 'text')}
  and ($10::text is null or r.status = any(string_to_array($10, ',')))
order by r.created_at desc, ${ID} desc limit $9`
const KNOWN_ORDER = `select ${ms('r.created_at')} as at from orders r where r.account = $1 and r.order_id = $2`

const ONE_ORDER = `${ORDER} where r.account = $1 and r.order_id = $2`

const STATUS_LOG = `
select ${ms('r.at')} as at, r.from_status as "from", r.status, r.phase, r.filled::text,
  r.average_price::text as "averagePrice", r.reason
from order_status_log r where r.account = $1 and r.order_id = $2 order by r.pos`

type FillRow = FillRecord & { readonly pos: string }
type OrderRow = Omit<OrderRecord, 'request' | 'fills'> & { readonly request: string; readonly fills: string }

function fillOf({ pos: _, ...row }: FillRow): FillRecord {
  const [cost, fee] = [text(row.cost), text(row.fee)]
  const amounts = { price: text(row.price), quantity: text(row.quantity), cost, fee }
  return { ...row, ...amounts, netProceeds: netProceedsOf(row.symbol, row.side, cost, fee, row.feeAsset) }
}

function orderOf(row: OrderRow): OrderRecord {
  const fills = (JSON.parse(row.fills) as readonly Fill[]).map((fill) => ({
    ...fill,
    ...{ price: text(fill.price), quantity: text(fill.quantity), fee: text(fill.fee) },
  }))
  return {
    ...row,
    ...{ request: JSON.parse(row.request) as OrderRequest, fills, quantity: text(row.quantity) },
    ...{ limitPrice: canonical(row.limitPrice), triggerPrice: canonical(row.triggerPrice) },
    ...{ filled: text(row.filled), cost: text(row.cost), fees: text(row.fees) },
  }
}

export class PostgresOrderHistory implements OrderHistory {
  readonly #reader: HistoryReader

  constructor(options: HistoryOptions) {
    this.#reader = new HistoryReader(options, [EXECUTION])
  }

  orders({ statuses, ...filter }: OrderFilter, page: PageAsk): Promise<HistoryPage<OrderRecord>> {
    return this.#reader.inTime(async () => {
      const wanted = statuses === null ? null : statuses.join(',')
      const found = await this.#page<OrderRow>(ORDERS, KNOWN_ORDER, filter, page, [wanted])
      return pageOf(found, page, ({ orderId }) => orderId, orderOf)
    })
  }

  order(orderId: OrderId): Promise<OrderStory | null> {
    return this.#reader.inTime(async () => {
      const [order] = await this.#reader.ask<OrderRow>(ONE_ORDER, [orderId])
      if (order === undefined) return null
      const fills = await this.#reader.ask<FillRow>(FILLS_OF_ORDER, [orderId])
      const statusLog = await this.#reader.ask<StatusChange>(STATUS_LOG, [orderId])
      return {
        ...{ order: orderOf(order), fills: fills.map(fillOf) },
        statusLog: statusLog.map((one) => ({
          ...one,
          ...{ filled: text(one.filled), averagePrice: canonical(one.averagePrice) },
        })),
      }
    })
  }

  async fills(filter: FillFilter, page: PageAsk): Promise<HistoryPage<FillRecord>> {
    if (page.cursor !== null && !/^\d{1,15}$/.test(page.cursor)) throw new UnknownCursorError(page.cursor)
    return this.#reader.inTime(async () => {
      const found = await this.#page<FillRow>(FILLS, KNOWN_FILL, filter, page, [])
      return pageOf(found, page, ({ pos }) => pos, fillOf)
    })
  }

  /** One row more than asked for, which tells whether there is another page. */
  async #page<Row>(
    statement: string,
    known: string,
    { symbol, side, book, from, to }: FillFilter,
    { limit, cursor }: PageAsk,
    more: readonly unknown[],
  ): Promise<readonly Row[]> {
    const [before] = cursor === null ? [] : await this.#reader.ask<{ at: number }>(known, [cursor])
    if (cursor !== null && before === undefined) throw new UnknownCursorError(cursor)
    const times = [from, to].map((at) => (at === null ? null : Math.ceil(at)))
    return this.#reader.ask(statement, [symbol, side, book, ...times, before?.at ?? null, cursor, limit + 1, ...more])
  }
}
