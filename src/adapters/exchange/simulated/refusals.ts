/** Why the venue refuses, in Kraken's own words, and the class that each string belongs to. */
import type { VenueErrorClass } from '../../../ports/exchange.ts'

export interface Refusal {
  readonly code: VenueErrorClass
  readonly message: string
}

const refusal = (code: VenueErrorClass, message: string): Refusal => ({ code, message })

const invalid = (field: string): Refusal => refusal('validation', `EGeneral:Invalid arguments:${field}`)

export const REFUSED = {
  /** Kraken documents no text for a client id that an open order already has; this one is ours. */
  duplicateClientId: invalid('cl_ord_id'),
  /** A client id and a client number exclude each other. */
  twoClientIds: invalid('userref'),
  orderType: invalid('ordertype'),
  /** Also where margin is off, or the pair does not list it. */
  leverage: invalid('leverage'),
  volume: invalid('volume'),
  limitMissing: invalid('price'),
  triggerMissing: invalid('trigger'),
  flags: invalid('oflags'),
  timeInForce: invalid('timeinforce'),
  expiry: invalid('expiretm'),
  display: invalid('displayvol'),
  closeTerms: invalid('close'),
  reduceOnly: invalid('reduce_only'),
  invalidPrice: refusal('validation', 'EOrder:Invalid price'),
  tick: refusal('validation', 'EOrder:Tick size check failed'),
  orderMinimum: refusal('validation', 'EOrder:Order minimum not met'),
  costMinimum: refusal('validation', 'EOrder:Cost minimum not met'),
  postOnly: refusal('validation', 'EOrder:Post only order'),
  unknownPair: refusal('validation', 'EQuery:Unknown asset pair'),
  funds: refusal('funds', 'EOrder:Insufficient funds'),
  margin: refusal('funds', 'EOrder:Insufficient margin'),
  noPosition: refusal('validation', 'EOrder:Reduce only:No position exists'),
  deadline: refusal('deadline', 'EService:Deadline elapsed'),
  unknownOrder: refusal('gone', 'EOrder:Unknown order'),
  orderLimit: refusal('limits', 'EOrder:Orders limit exceeded'),
  /** No price of the pair has been seen at all. */
  noMarket: refusal('outage', 'EService:Unavailable'),
  maintenance: refusal('outage', 'EService:Unavailable'),
  cancelOnly: refusal('mode', 'EService:Market in cancel_only mode'),
  postOnlyMode: refusal('mode', 'EService:Market in post_only mode'),
  limitOnly: refusal('mode', 'EService:Market in limit_only mode'),
} as const satisfies Readonly<Record<string, Refusal>>

/** Reasons of cancelled orders. */
export const CANCELLED = {
  byUser: 'User requested',
  deadManSwitch: 'Cancel all orders after timeout',
  postOnly: 'Post only order',
  immediate: 'Immediate or cancel',
  allOrNothing: 'Fill or kill',
  selfTrade: 'Self trade prevention',
  liquidity: 'Insufficient liquidity',
  funds: 'Insufficient funds',
  margin: 'Insufficient margin',
  positionClosed: 'Reduce only:Position is closed',
  liquidation: 'Liquidation',
  amendedBelowFilled: 'Amended below filled quantity',
} as const
