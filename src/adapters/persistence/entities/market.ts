import { defineEntity, p } from '@mikro-orm/core'
import { json, numeric, time } from './columns.ts'

export const CandlesTable = defineEntity({
  name: 'Candle',
  tableName: 'candles',
  properties: {
    symbol: p.text().primary(),
    timeframe: p.text().primary(),
    openAt: time().primary(),
    open: numeric(),
    high: numeric(),
    low: numeric(),
    close: numeric(),
    volume: numeric(),
  },
})

export const PaperVenueTable = defineEntity({
  name: 'PaperVenue',
  tableName: 'paper_venue',
  properties: {
    account: p.text().primary(),
    state: json(),
    savedAt: time(),
  },
})
