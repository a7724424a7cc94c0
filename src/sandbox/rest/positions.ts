/** OpenPositions: each by itself, or all of a pair and side as one. */
import { MARGIN_DEFAULTS, type PricedPosition } from '../../adapters/exchange/simulated/margin-terms.ts'
import { type Amount, amount, sumOf } from '../../domain/units.ts'
import { decimal } from '../order-text.ts'
import { pairOf, type SandboxPair } from '../pairs.ts'
import { invalidArgument } from '../refusal.ts'
import { flagField, listField, textField } from './fields.ts'
import type { PrivateMethod } from './method.ts'
import { byId } from './paging.ts'
import { seconds } from './rows.ts'

const LEVERAGE_DECIMALS = 5
const PERCENT_DECIMALS = 4
const HOUR_MS = 3_600_000

/** `0.0200% per 4 hours`. */
const TERMS = `${amount(MARGIN_DEFAULTS.rolloverFee).times(100).toFixed(PERCENT_DECIMALS)}% per ${MARGIN_DEFAULTS.rolloverEveryMs / HOUR_MS} hours`

const signed = (value: Amount, decimals: number): string => `${value.isNegative() ? '' : '+'}${value.toFixed(decimals)}`

/** What is still open of these would bring, and what that is more than was paid. */
function calculated(positions: readonly PricedPosition[], pair: SandboxPair): Readonly<Record<string, string>> {
  const net = sumOf(positions.map((each) => amount(each.net)))
  const paid = sumOf(positions.map((each) => openOf(each).times(each.price)))
  const isLong = positions[0]?.side === 'buy'
  const value = isLong ? paid.plus(net) : paid.minus(net)
  return { value: value.toFixed(pair.priceDecimals), net: signed(net, pair.costDecimals) }
}

const openOf = (position: PricedPosition): Amount => amount(position.quantity).minus(position.closed)

function positionRow(position: PricedPosition, withCalculations: boolean) {
  const pair = pairOf(position.symbol)
  const money = (value: string): string => decimal(value, pair.costDecimals)
  const lots = (value: string): string => decimal(value, pair.lotDecimals)
  return {
    ...{ ordertxid: position.venueOrderId, posstatus: 'open', pair: pair.id, time: seconds(position.openedAt) },
    ...{ type: position.side, ordertype: position.type, cost: money(position.cost), fee: money(position.fee) },
    ...{ vol: lots(position.quantity), vol_closed: lots(position.closed), margin: money(position.margin) },
    ...(withCalculations ? calculated([position], pair) : {}),
    ...{ terms: TERMS, rollovertm: String(Math.floor(seconds(position.rolloverAt))), misc: '', oflags: '' },
  }
}

/** One row for each pair and side. */
function consolidated(positions: readonly PricedPosition[], withCalculations: boolean) {
  const groups = Object.values(Object.groupBy(positions, ({ symbol, side }) => `${symbol} ${side}`))
  return groups.flatMap((group = []) => {
    const [first] = group
    if (first === undefined) return []
    const pair = pairOf(first.symbol)
    const sum = (part: 'cost' | 'fee' | 'quantity' | 'closed' | 'margin'): Amount =>
      sumOf(group.map((each) => amount(each[part])))
    const money = (part: 'cost' | 'fee' | 'margin'): string => sum(part).toFixed(pair.costDecimals)
    return {
      ...{ pair: pair.id, positions: String(group.length), type: first.side },
      leverage: first.leverage.toFixed(LEVERAGE_DECIMALS),
      ...{ cost: money('cost'), fee: money('fee'), vol: sum('quantity').toFixed(pair.lotDecimals) },
      ...{ vol_closed: sum('closed').toFixed(pair.lotDecimals), margin: money('margin') },
      ...(withCalculations ? calculated(group, pair) : {}),
    }
  })
}

export const openPositions: PrivateMethod = (fields, { venue }) => {
  const consolidation = textField(fields, 'consolidation')
  if (consolidation !== null && consolidation !== 'market') throw invalidArgument('consolidation')
  const ids = listField(fields, 'txid')
  const positions = venue.positions().filter(({ positionId }) => ids.length === 0 || ids.includes(positionId))
  const withCalculations = flagField(fields, 'docalcs')
  if (consolidation === 'market') return consolidated(positions, withCalculations)
  const idOf = (position: PricedPosition): string => position.positionId
  return byId(positions, idOf, (position) => positionRow(position, withCalculations))
}
