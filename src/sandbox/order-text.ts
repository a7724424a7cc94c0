/** Kraken's words for an order: `buy 1.25000000 XBTUSD @ limit 27500.0`. */
import type { CloseTerms, NewOrder, PriceOffset } from '../adapters/exchange/simulated/venue-order.ts'
import { amount, type Numeric } from '../domain/units.ts'
import type { SandboxPair } from './pairs.ts'

/** What both an order and its conditional close say of their prices. */
type Terms = Pick<NewOrder, 'type' | 'limitPrice' | 'triggerPrice' | 'trailing' | 'limitOffset'>

const PERCENT_DECIMALS = 4

/** At least so many decimals, and never one less than the number has. */
export function decimal(value: Numeric, decimals: number): string {
  const parsed = amount(value)
  return parsed.toFixed(Math.max(decimals, parsed.decimalPlaces()))
}

/** `+1.0000%`, `-25.0`. */
export function offsetText({ offset, isPercent }: PriceOffset, pair: SandboxPair): string {
  const parsed = amount(offset)
  const sign = parsed.isNegative() ? '' : '+'
  return isPercent ? `${sign}${decimal(offset, PERCENT_DECIMALS)}%` : `${sign}${decimal(offset, pair.priceDecimals)}`
}

/** The two prices that a row's `descr` shows; `0` where the type has none. */
export function describedPrices(terms: Terms, pair: SandboxPair): readonly [price: string, price2: string] {
  const shown = (value: Numeric | null): string => (value === null ? '0' : decimal(value, pair.priceDecimals))
  const trailing = terms.trailing === null ? '0' : offsetText(terms.trailing, pair)
  switch (terms.type) {
    case 'limit':
    case 'iceberg':
      return [shown(terms.limitPrice), '0']
    case 'stop-loss':
    case 'take-profit':
      return [shown(terms.triggerPrice), '0']
    case 'stop-loss-limit':
    case 'take-profit-limit':
      return [shown(terms.triggerPrice), shown(terms.limitPrice)]
    case 'trailing-stop':
      return [trailing, '0']
    case 'trailing-stop-limit':
      return [trailing, terms.limitOffset === null ? '0' : offsetText(terms.limitOffset, pair)]
    default:
      return ['0', '0']
  }
}

function priced(terms: Terms, pair: SandboxPair): string {
  const [price, price2] = describedPrices(terms, pair)
  const name = terms.type.replace(/-limit$/, '').replaceAll('-', ' ')
  if (terms.type === 'market' || terms.type === 'settle-position') return name
  return terms.type.endsWith('-limit') ? `${name} ${price} -> limit ${price2}` : `${name} ${price}`
}

type Described = Terms & Pick<NewOrder, 'side' | 'quantity' | 'leverage' | 'close'>

export const orderText = (order: Described, pair: SandboxPair): string =>
  `${order.side} ${decimal(order.quantity, pair.lotDecimals)} ${pair.altname} @ ${priced(order, pair)}${
    order.leverage > 1 ? ` with ${order.leverage}:1 leverage` : ''
  }`

/** Empty without a conditional close. */
export const closeText = (close: CloseTerms | null, pair: SandboxPair): string =>
  close === null ? '' : `close position @ ${priced(close, pair)}`
