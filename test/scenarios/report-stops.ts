/** `npm run -s report:stops`: every stop that was hit in the crashes of 2021, with its trigger, its fill and its slippage. */
import { marketData } from '../support/market-data.ts'
import { APRIL_18, MAY_2021, playCrash, stopHits, stopSummary, stopTable } from './crash-stops.ts'

const source = marketData('candles')
if (source === null) process.stdout.write('skipped: no market data\n')
else
  for (const crash of [APRIL_18, MAY_2021]) {
    const recorded = await playCrash(source, crash)
    const hits = stopHits(recorded)
    process.stdout.write(`${stopSummary(crash, hits)}\n\n${stopTable(hits)}\n\n`)
    recorded.end()
  }
