/** The instrument channel: every asset and pair with its rules, and every change of the market's mode. */
import { written } from '../market/written.ts'
import type { SandboxPair } from '../pairs.ts'
import { exact, type JsonFields } from './exact-json.ts'

/** Share of the position that a margin order needs at the highest leverage listed. */
const marginInitial = (leverages: readonly number[]): string => (1 / Math.max(...leverages)).toFixed(2)

function assetRow({ asset, decimals, displayDecimals }: SandboxPair['base'], isBorrowable: boolean): JsonFields {
  return {
    ...{ id: asset, status: 'enabled', precision: decimals, precision_display: displayDecimals },
    ...{ borrowable: isBorrowable, collateral_value: exact('1.00') },
  }
}

function pairRow(pair: SandboxPair, status: string): JsonFields {
  const { instrument, priceDecimals, lotDecimals } = pair
  const isMarginable = instrument.leverages.length > 0
  return {
    ...{ symbol: pair.symbol, base: pair.base.asset, quote: pair.quote.asset, status },
    ...{ qty_precision: lotDecimals, qty_increment: exact(written(instrument.lot, lotDecimals)) },
    ...{ price_precision: priceDecimals, cost_precision: pair.costDecimals },
    ...{ marginable: isMarginable, has_index: true, cost_min: exact(instrument.costMin) },
    margin_initial: isMarginable ? exact(marginInitial(instrument.leverages)) : undefined,
    tick_size: exact(written(instrument.tick, priceDecimals)),
    price_increment: exact(written(instrument.tick, priceDecimals)),
    qty_min: exact(written(instrument.orderMin, lotDecimals)),
  }
}

/** `status`: what the market takes now, in Kraken's words. */
export function instrumentFrame(
  type: 'snapshot' | 'update',
  pairs: readonly SandboxPair[],
  status: string,
): JsonFields {
  const assets = new Map<string, JsonFields>()
  for (const { base, quote, instrument } of pairs)
    for (const each of [base, quote])
      assets.set(each.asset, assets.get(each.asset) ?? assetRow(each, instrument.leverages.length > 0))
  const rows = pairs.map((pair) => pairRow(pair, status))
  return { channel: 'instrument', type, data: { assets: type === 'snapshot' ? [...assets.values()] : [], pairs: rows } }
}
