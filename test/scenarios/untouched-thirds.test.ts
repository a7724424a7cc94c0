/** May 10–19, 2021: untouched thirds lost five per cent on many a day. The market, not trading: nothing trips. */
import { expect, it } from 'vitest'
import { pair } from '../../src/domain/ids.ts'
import { marketData } from '../support/market-data.ts'
import { Recorded } from '../support/recorded.ts'

const DAY = 86_400_000
const FROM = Date.UTC(2021, 4, 10)
const DAYS = 10
const source = marketData('candles')
const unless = source === null ? ' (skipped: no market data)' : ''

it.skipIf(source === null)(`trip no breaker while the market falls${unless}`, { timeout: 120_000 }, async () => {
  const recorded = await Recorded.begin({
    ...{ source: source ?? '', symbols: [pair('BTC/USDT'), pair('XRP/USDT')], from: FROM, to: FROM + DAYS * DAY },
    balances: { USDT: '10000', BTC: '0.1718', XRP: '6410' },
  })
  const falls: number[] = []
  for (let day = 1; day <= DAYS; day += 1) {
    const before = Number(recorded.system.desk.allocation()?.equity ?? 30_000)
    await recorded.to(FROM + day * DAY - 60_000)
    falls.push((1 - Number(recorded.system.desk.allocation()?.equity) / before) * 100)
  }
  expect(falls.filter((fall) => fall >= 5).length).toBeGreaterThanOrEqual(3)
  expect(recorded.factsOf('risk.breakerTripped')).toEqual([])
  const { readings } = recorded.system.desk.risk()
  expect(readings).toMatchObject({ dayLossPct: '0', weekLossPct: '0', drawdownPct: '0' })
  expect(Number(readings.accountDrawdownPct)).toBeGreaterThan(20)
  expect(recorded.factsOf('account.drawdownWarned')).not.toEqual([])
  expect(recorded.system.desk.coordinator().state).toBe('RUNNING')
  expect(recorded.factsOf('risk.stateChanged').length).toBeLessThanOrEqual(DAYS * 1_440)
  await recorded.end()
})
