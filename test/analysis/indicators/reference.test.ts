import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { marketData } from '../../support/market-data.ts'
import { barsOfCsv } from '../candle-files.ts'
import { type Expectation, seriesOf, skipReason } from './reference-series.ts'

const REFERENCE = marketData('indicators/indicator_reference.json')
const SERIES = marketData('indicators/series')

const rows: readonly Expectation[] = REFERENCE === null ? [] : JSON.parse(readFileSync(REFERENCE, 'utf8'))
const inputs = new Map<string, ReturnType<typeof barsOfCsv>>()
const barsOf = (file: string) => {
  const known = inputs.get(file) ?? barsOfCsv(marketData(`indicators/${file}`) ?? file)
  inputs.set(file, known)
  return known
}

describe.skipIf(REFERENCE === null)(
  'indicators against published values (skipped: no market data where absent)',
  () => {
    const skipped = new Map<string, number>()
    const checked: Expectation[] = []
    for (const row of rows) {
      const reason = skipReason(row)
      if (reason === null) checked.push(row)
      else skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
    }

    it('agree with every row that uses our conventions', () => {
      for (const row of checked) {
        const name = `${row.indicator} ${JSON.stringify(row.params)} ${row.output} ${row.input_file} at ${row.index_or_date}`
        const series = seriesOf(row, barsOf(row.input_file))
        if (Array.isArray(row.expected)) {
          const flips = series.flatMap((value, at) => {
            const before = series[at - 1] ?? null
            return before !== null && value !== before ? [at] : []
          })
          // Theirs always starts as an uptrend, ours from hl2: the same from their first flip on.
          const first = Number(row.expected[0])
          expect(
            flips.filter((at) => at >= first),
            name,
          ).toEqual(row.expected)
          continue
        }
        const got = series[Number(row.index_or_date)] ?? null
        expect(got, name).not.toBeNull()
        expect(Math.abs((got ?? Number.NaN) - row.expected), `${name}: ${got}`).toBeLessThanOrEqual(row.tolerance)
      }
    })

    it('checks all rows but those of the named conventions', () => {
      const total = [...skipped.values()].reduce((sum, count) => sum + count, 0)
      process.stdout.write(`indicator reference: ${checked.length} of ${rows.length} rows checked, skipped: `)
      process.stdout.write(`${[...skipped].map(([reason, count]) => `${count} ${reason}`).join(', ')}\n`)
      expect(checked.length + total).toBe(rows.length)
      expect(rows.length).toBe(296)
      expect(checked.length).toBe(215)
    })
  },
)

/** [file, indicator, params, our output, their field, tolerance]. */
const WHOLE: readonly (readonly [string, string, Record<string, number | string>, string, string, number])[] = [
  ['ema', 'EMA', { period: 20 }, 'ema', 'ema', 1e-8],
  ['sma', 'SMA', { period: 20 }, 'sma', 'sma', 1e-8],
  ['smma', 'RMA', { period: 20 }, 'rma', 'smma', 1e-8],
  ['rsi', 'RSI', { period: 14 }, 'rsi', 'rsi', 1e-8],
  ['macd', 'MACD', { fast: 12, slow: 26, signal: 9 }, 'macd', 'macd', 1e-8],
  ['macd', 'MACD', { fast: 12, slow: 26, signal: 9 }, 'signal', 'signal', 1e-8],
  ['macd', 'MACD', { fast: 12, slow: 26, signal: 9 }, 'histogram', 'histogram', 1e-8],
  ['tr', 'ATR', { period: 14 }, 'tr', 'tr', 1e-8],
  ['atr', 'ATR', { period: 14 }, 'atr', 'atr', 1e-8],
  ['adx', 'ADX', { period: 14 }, 'pdi', 'pdi', 1e-8],
  ['adx', 'ADX', { period: 14 }, 'mdi', 'mdi', 1e-8],
  ['adx', 'ADX', { period: 14 }, 'dx', 'dx', 1e-8],
  ['adx', 'ADX', { period: 14 }, 'adx', 'adx', 1e-8],
  ['bb', 'BollingerBands', { period: 20, stdDev: 2 }, 'lower', 'lowerBand', 1e-8],
  ['bb', 'BollingerBands', { period: 20, stdDev: 2 }, 'middle', 'sma', 1e-8],
  ['bb', 'BollingerBands', { period: 20, stdDev: 2 }, 'upper', 'upperBand', 1e-8],
  ['bb', 'BollingerBands', { period: 20, stdDev: 2 }, 'percentB', 'percentB', 1e-8],
  ['bb', 'BollingerBands', { period: 20, stdDev: 2 }, 'width', 'width', 1e-8],
  ['keltner', 'Keltner', { emaPeriod: 20, atrPeriod: 10, multiplier: 2 }, 'lower', 'lowerBand', 1e-8],
  ['keltner', 'Keltner', { emaPeriod: 20, atrPeriod: 10, multiplier: 2 }, 'middle', 'centerline', 1e-8],
  ['keltner', 'Keltner', { emaPeriod: 20, atrPeriod: 10, multiplier: 2 }, 'upper', 'upperBand', 1e-8],
  ['obv', 'OBV', {}, 'obv', 'obv', 1e-3],
  ['vwap', 'VWAP', { anchor: 'first bar' }, 'vwap', 'vwap', 1e-8],
  ['roc', 'ROC', { period: 14 }, 'roc', 'roc', 1e-8],
  ['supertrend', 'Supertrend', { period: 10, multiplier: 3 }, 'line', 'superTrend', 1e-8],
  ['stoch-rsi', 'StochRSI', { rsi: 14, stoch: 14, k: 1, d: 3 }, 'k', 'stochRsi', 1e-8],
  ['stoch-rsi', 'StochRSI', { rsi: 14, stoch: 14, k: 1, d: 3 }, 'd', 'signal', 1e-8],
]

describe.skipIf(SERIES === null)('whole series of Stock.Indicators (skipped: no market data where absent)', () => {
  it.each(WHOLE)('%s: %s %o %s is theirs, bar for bar', (file, indicator, params, output, field, tolerance) => {
    const path = marketData(`indicators/series/${file}.standard.json`) ?? file
    const theirs: readonly Record<string, number | null>[] = JSON.parse(readFileSync(path, 'utf8'))
    const row = { indicator, params, output, input_file: 'inputs/skender_default.csv' }
    const ours = seriesOf(row, barsOf(row.input_file))
    expect(ours.length).toBe(theirs.length)
    let compared = 0
    for (const [at, expected] of theirs.entries()) {
      const want = expected[field] ?? null
      const got = ours[at] ?? null
      if (want === null || got === null) {
        expect(got, `bar ${at}`).toBe(want)
        continue
      }
      compared++
      expect(Math.abs(got - want), `bar ${at}: ${got} for ${want}`).toBeLessThanOrEqual(tolerance)
    }
    expect(compared).toBeGreaterThan(400)
  })
})
