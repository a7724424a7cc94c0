/** On 2021-04-25 the exchange stood still for 284 minutes, from 04:01 to 08:45: positions are open across it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pair } from '../../src/domain/ids.ts'
import { amount, text } from '../../src/domain/units.ts'
import { marketData } from '../support/market-data.ts'
import { Recorded } from '../support/recorded.ts'
import { misfits } from './crash-stops.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = Date.UTC(2021, 3, 25)
/** Minutes after four. */
const at = (minutes: number): number => DAY + 4 * HOUR + minutes * MINUTE
const HALTED_AT = at(1)
const BACK_AT = at(285)
const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')

const source = marketData('candles')
const unless = source === null ? ' (skipped: no market data)' : ''

describe.skipIf(source === null)(`an exchange that stands still for 284 minutes${unless}`, { timeout: 60_000 }, () => {
  let recorded: Recorded
  const statusOf = () => recorded.system.desk.coordinator()
  const held = (symbol: string) => recorded.system.positions.list({ symbol }).at(-1)
  const buy = () => recorded.buy(BTC, { stopPct: 2, targetPct: 6 })
  const told = (from: number, to: number) =>
    recorded.facts.filter((fact) => fact.at >= from && fact.at < to).map(({ type }) => type)

  beforeAll(async () => {
    const range = { from: DAY, to: at(6 * 60) }
    recorded = await Recorded.begin({ source: source ?? '', symbols: [BTC, XRP], ...range })
    await recorded.to(at(-30))
    await recorded.buy(BTC, { stopPct: 2.9, targetPct: 7 })
    await recorded.buy(XRP, { stopPct: 4.5, targetPct: 9 })
    await recorded.to(at(-1))
  })
  afterAll(() => recorded?.end())

  it('finds both positions protected; a target is set a little above the market', () => {
    expect([held(BTC)?.phase, held(XRP)?.phase]).toEqual(['protected', 'protected'])
    const target = text(amount(recorded.mark(XRP)).times('1.005'))
    expect(recorded.system.positions.modify(held(XRP)?.positionId ?? '', { takeProfit: target }, 'test').accepted).toBe(
      true,
    )
    expect(recorded.system.positions.exposure().equityUsd).not.toBeNull()
  })

  it('knows no price a minute later: equity is unknown, breakers are not measured, and nothing may be opened', async () => {
    await recorded.to(HALTED_AT + 2 * MINUTE)
    const { staleMarks, equityUsd, total } = recorded.system.positions.exposure()
    expect([staleMarks, equityUsd, total.notionalUsd]).toEqual([[BTC, XRP], null, null])
    expect(await buy()).toMatchObject({ accepted: false, code: 'STALE_DATA' })
    expect(
      recorded
        .factsOf('market.stale')
        .map(({ symbol }) => symbol)
        .sort(),
    ).toEqual([BTC])
    await recorded.to(HALTED_AT + 5 * MINUTE)
    expect(
      recorded
        .factsOf('market.stale')
        .map(({ symbol }) => symbol)
        .sort(),
    ).toEqual([BTC, XRP])
  })

  it('degrades to EMERGENCY while it lasts, and asks no position to do anything about a price it does not know', async () => {
    const { maxDrawdownPct } = recorded.system.figures()
    await recorded.to(BACK_AT - MINUTE)
    expect(statusOf()).toMatchObject({ state: 'RUNNING', degradation: 'EMERGENCY', mayOpenRisk: false })
    expect((await buy()).accepted).toBe(false)
    expect(recorded.system.figures().maxDrawdownPct).toBe(maxDrawdownPct)
    const whileAway = told(HALTED_AT, BACK_AT)
    expect(whileAway.filter((type) => type.startsWith('position.') || type.startsWith('order.'))).toEqual([])
    expect(whileAway.filter((type) => type.startsWith('risk.breaker') || type.startsWith('account.'))).toEqual([])
    expect(recorded.system.positions.modify(held(BTC)?.positionId ?? '', { stopLoss: '49000' }, 'test').code).toBe(
      'STALE_MARK',
    )
  })

  it('leaves the stops at the venue all the time, for all that is held', async () => {
    const resting = await recorded.answered(recorded.venue.openOrders())
    const stops = resting.map(({ triggerPrice, quantity }) => [triggerPrice, quantity])
    expect(stops).toEqual([BTC, XRP].map((symbol) => [held(symbol)?.stopLoss, held(symbol)?.quantity]))
    expect(recorded.system.figures().unprotectedSeconds).toBe(0)
  })

  it('is over: the first price beyond the target sells, at that price; the other position goes on', async () => {
    await recorded.to(BACK_AT + MINUTE)
    const sold = held(XRP)
    expect(sold).toMatchObject({ status: 'closed', closeReason: 'take_profit' })
    expect(amount(sold?.exitPrice ?? '0').gt(sold?.takeProfit ?? '0')).toBe(true)
    expect(held(BTC)?.phase).toBe('protected')
    expect(
      recorded
        .factsOf('market.fresh')
        .map(({ symbol }) => symbol)
        .sort(),
    ).toEqual([BTC, XRP])
    expect(recorded.factsOf('market.gapFound')).toContainEqual(expect.objectContaining({ symbol: BTC }))
  })

  it('is back to NORMAL within a quarter of an hour, and buys again', async () => {
    await recorded.to(BACK_AT + 15 * MINUTE)
    expect(statusOf()).toMatchObject({ state: 'RUNNING', degradation: 'NORMAL', mayOpenRisk: true })
    expect(await buy()).toMatchObject({ accepted: true })
    await recorded.to(BACK_AT + 60 * MINUTE)
    expect(recorded.system.figures().unprotectedSeconds).toBe(0)
    expect(await misfits(recorded)).toEqual([])
  })
})
