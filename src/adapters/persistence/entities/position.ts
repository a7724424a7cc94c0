import { defineEntity, p } from '@mikro-orm/core'
import { json, numeric, time, whole } from './columns.ts'

export const PositionsTable = defineEntity({
  name: 'Position',
  tableName: 'positions',
  properties: {
    account: p.text().primary(),
    positionId: p.text().primary(),
    /** The journal row that told this state. */
    pos: whole(),
    symbol: p.text(),
    side: p.text(),
    status: p.text(),
    phase: p.text(),
    leverage: p.integer(),
    /** Exchange volume; the owner's `size` is this divided by the leverage. */
    quantity: numeric(),
    entryPrice: numeric(),
    exitPrice: numeric(),
    stopLoss: numeric(),
    takeProfit: numeric().nullable(),
    /** How its stop follows the price; null where it stands still. */
    trailingStop: json().nullable(),
    realisedGross: numeric(),
    fees: numeric(),
    /** The whole of it, as it was stated. */
    view: json(),
    closeReason: p.text().nullable(),
    openedAt: time(),
    updatedAt: time(),
    closedAt: time().nullable(),
  },
})

export const PositionChargesTable = defineEntity({
  name: 'PositionCharge',
  tableName: 'position_charges',
  properties: {
    account: p.text().primary(),
    flowId: p.text().primary(),
    /** The journal row that it projects. */
    pos: whole(),
    positionId: p.text(),
    asset: p.text(),
    /** Above zero: what it cost. */
    amount: numeric(),
    valueUsd: numeric(),
    at: time(),
  },
})

export const PositionSnapshotsTable = defineEntity({
  name: 'PositionSnapshot',
  tableName: 'position_snapshots',
  properties: {
    account: p.text().primary(),
    positionId: p.text().primary(),
    at: time().primary(),
    symbol: p.text(),
    mark: numeric(),
    quantity: numeric(),
    stopLoss: numeric(),
    realisedGross: numeric(),
    unrealisedGross: numeric(),
    fees: numeric(),
    financing: numeric(),
    /** Per cent return on margin; null before the first fill. */
    returnOnMarginPct: numeric().nullable(),
  },
})
