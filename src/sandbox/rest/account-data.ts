/** The private methods about balances, fees and the key itself. */
import type { PricedPosition } from '../../adapters/exchange/simulated/margin-terms.ts'
import { quoteOf } from '../../domain/ids.ts'
import { type Amount, amount, sumOf, text, ZERO } from '../../domain/units.ts'
import { decimal } from '../order-text.ts'
import { assetNamed, findAsset, findPair } from '../pairs.ts'
import { KrakenRefusal, UNKNOWN_ASSET, UNKNOWN_PAIR } from '../refusal.ts'
import type { SandboxVenue } from '../venue.ts'
import { volumeRow } from './fee-rows.ts'
import { listField, textField } from './fields.ts'
import type { PrivateMethod } from './method.ts'

const DOLLARS: readonly string[] = ['USD', 'USDT']
const USD_DECIMALS = 4
const LEVEL_DECIMALS = 2

const balance: PrivateMethod = (_fields, { venue }) =>
  Object.fromEntries(
    venue.balances().map(({ asset, total }) => {
      const named = assetNamed(asset)
      return [named.id, decimal(total, named.decimals)]
    }),
  )

const balanceEx: PrivateMethod = (_fields, { venue }) =>
  Object.fromEntries(
    venue.balances().map(({ asset, total, held }) => {
      const named = assetNamed(asset)
      return [named.id, { balance: decimal(total, named.decimals), hold_trade: decimal(held, named.decimals) }]
    }),
  )

/** Dollars for one unit, by last prices; zero for what has no price. A tether counts as a dollar. */
function dollarsFor(asset: string, venue: SandboxVenue): Amount {
  if (DOLLARS.includes(asset)) return amount(1)
  for (const { symbol, base, quote } of venue.instruments) {
    const last = venue.market.last(symbol)
    if (base.asset === asset && DOLLARS.includes(quote.asset) && last !== null) return amount(last)
  }
  return ZERO
}

/** What the open positions add up to, in dollars. */
function positionSums(venue: SandboxVenue) {
  const sum = (of: (position: PricedPosition) => Amount): Amount =>
    sumOf(venue.positions().map((each) => of(each).times(dollarsFor(quoteOf(each.symbol), venue))))
  const paid = (each: PricedPosition): Amount => amount(each.quantity).minus(each.closed).times(each.price)
  const gained = (each: PricedPosition): Amount => amount(each.net)
  return {
    margin: sum((each) => amount(each.margin)),
    net: sum(gained),
    cost: sum(paid),
    value: sum((each) => (each.side === 'buy' ? paid(each).plus(gained(each)) : paid(each).minus(gained(each)))),
  }
}

/** Everything is valued in `asset` (ZUSD unless told), by last prices. */
const tradeBalance: PrivateMethod = (fields, { venue }) => {
  const unit = findAsset(textField(fields, 'asset') ?? 'ZUSD')
  if (unit === null) throw new KrakenRefusal(UNKNOWN_ASSET)
  const rate = dollarsFor(unit.asset, venue)
  const shown = (dollars: Amount): string => (rate.isZero() ? ZERO : dollars.div(rate)).toFixed(USD_DECIMALS)
  const total = sumOf(venue.balances().map(({ asset, total: owned }) => dollarsFor(asset, venue).times(owned)))
  const { margin, net, cost, value } = positionSums(venue)
  const equity = total.plus(net)
  return {
    ...{ eb: shown(total), tb: shown(total), m: shown(margin), n: shown(net), c: shown(cost), v: shown(value) },
    ...{ e: shown(equity), mf: shown(equity.minus(margin)) },
    // The margin level is told only where there is one.
    ...(margin.isZero() ? {} : { ml: equity.div(margin).times(100).toFixed(LEVEL_DECIMALS) }),
  }
}

const tradeVolume: PrivateMethod = (fields, { venue }) => {
  const pairs = listField(fields, 'pair').map((name) => {
    const found = findPair(name)
    if (found === null) throw new KrakenRefusal(UNKNOWN_PAIR)
    return found
  })
  const [first] = venue.instruments
  const volume = first === undefined ? '0' : venue.fees(first.symbol).volume30d
  const rows = (side: 'maker' | 'taker') =>
    Object.fromEntries(pairs.map((pair) => [pair.id, volumeRow(venue.fees(pair.symbol), side)]))
  return {
    ...{ currency: 'ZUSD', volume: amount(text(volume)).toFixed(USD_DECIMALS) },
    ...(pairs.length === 0 ? {} : { fees: rows('taker'), fees_maker: rows('maker') }),
  }
}

const getApiKeyInfo: PrivateMethod = (_fields, { keys, key }) => {
  const known = keys.get(key)
  const { nonce, usedAt } = keys.usage(key)
  const at = (moment: number | null): string => String(moment === null ? 0 : Math.floor(moment / 1000))
  return {
    api_key_name: known?.name ?? '',
    api_key: key,
    nonce,
    nonce_window: String(known?.nonceWindow ?? 0),
    permissions: known?.permissions ?? [],
    iban: '',
    valid_until: '0',
    query_from: '0',
    query_to: '0',
    created_time: at(known?.createdAt ?? null),
    modified_time: at(known?.createdAt ?? null),
    ip_allowlist: [],
    last_used: at(usedAt),
  }
}

export const ACCOUNT_DATA: Readonly<Record<string, PrivateMethod>> = {
  Balance: balance,
  BalanceEx: balanceEx,
  TradeBalance: tradeBalance,
  TradeVolume: tradeVolume,
  GetApiKeyInfo: getApiKeyInfo,
}
