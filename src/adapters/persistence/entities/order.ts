import { defineEntity, p } from '@mikro-orm/core'
import { json, numeric, time, whole } from './columns.ts'

export const OrdersTable = defineEntity({
  name: 'Order',
  tableName: 'orders',
  properties: {
    account: p.text().primary(),
    orderId: p.text().primary(),
    /** The journal row that told this state. */
    pos: whole(),
    key: p.text(),
    symbol: p.text(),
    side: p.text(),
    type: p.text(),
    status: p.text(),
    phase: p.text(),
    venueOrderId: p.text().nullable(),
    /** The whole of it, as it was approved. */
    request: json(),
    requestedQuantity: numeric(),
    quantity: numeric(),
    limitPrice: numeric().nullable(),
    triggerPrice: numeric().nullable(),
    filled: numeric(),
    cost: numeric(),
    fees: numeric(),
    timeInForce: p.text(),
    expiresAt: time().nullable(),
    postOnly: p.boolean(),
    reduceOnly: p.boolean(),
    leverage: p.integer(),
    intent: p.text(),
    purpose: p.text(),
    book: p.text(),
    positionId: p.text().nullable(),
    planId: p.text().nullable(),
    reason: p.text().nullable(),
    createdAt: time(),
    updatedAt: time(),
    closedAt: time().nullable(),
  },
})

export const FillsTable = defineEntity({
  name: 'Fill',
  tableName: 'fills',
  properties: {
    account: p.text().primary(),
    orderId: p.text().primary(),
    tradeId: p.text().primary(),
    /** The journal row that it projects. */
    pos: whole(),
    symbol: p.text(),
    side: p.text(),
    price: numeric(),
    quantity: numeric(),
    cost: numeric(),
    fee: numeric(),
    feeAsset: p.text(),
    liquidity: p.text(),
    origin: p.text(),
    venueOrderId: p.text().nullable(),
    positionId: p.text().nullable(),
    planId: p.text().nullable(),
    book: p.text(),
    purpose: p.text(),
    at: time(),
  },
})

export const OrderStatusLogTable = defineEntity({
  name: 'OrderStatusLog',
  tableName: 'order_status_log',
  properties: {
    account: p.text().primary(),
    /** The journal row that it projects. */
    pos: whole().primary(),
    at: time().primary(),
    orderId: p.text(),
    symbol: p.text(),
    fromStatus: p.text().nullable(),
    status: p.text(),
    phase: p.text(),
    venueOrderId: p.text().nullable(),
    filled: numeric(),
    averagePrice: numeric().nullable(),
    reason: p.text().nullable(),
  },
})

export const ExecutionEventsTable = defineEntity({
  name: 'ExecutionEvent',
  tableName: 'execution_events',
  properties: {
    account: p.text().primary(),
    /** The journal row that it projects. */
    pos: whole().primary(),
    at: time().primary(),
    type: p.text(),
    orderId: p.text().nullable(),
    positionId: p.text().nullable(),
    symbol: p.text().nullable(),
    origin: p.text(),
    correlationId: p.text(),
    causationId: p.text().nullable(),
    /** What it says beside the order or position that it is about; the whole is in the journal under `pos`. */
    body: json(),
  },
})
