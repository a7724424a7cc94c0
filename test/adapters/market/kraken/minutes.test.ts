import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../../src/adapters/clock/simulated.ts'
import type { MinuteRow } from '../../../../src/adapters/market/kraken/frames.ts'
import { minutes } from '../../../../src/adapters/market/kraken/minutes.ts'
import type { Candle } from '../../../../src/domain/candle.ts'
import { pair } from '../../../../src/domain/ids.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000
const row = (minute: number, close: string, volume = '1'): MinuteRow => ({
  symbol: pair('BTC/USDT'),
  openAt: NOON + minute * MINUTE,
  open: '100',
  high: '110',
  low: '90',
  close,
  volume,
})

function following() {
  const clock = simulatedClock(NOON)
  const told: Candle[] = []
  let lastHeardAt: number | null = null
  const bars = minutes(
    clock,
    () => lastHeardAt ?? clock.now(),
    (candle) => told.push(candle),
  )
  const closes = () => told.map((candle) => [(candle.openAt - NOON) / MINUTE, candle.close, candle.volume])
  return {
    clock,
    bars,
    closes,
    told,
    goSilent: () => {
      lastHeardAt = clock.now()
    },
    speak: () => {
      lastHeardAt = null
    },
  }
}

describe('minutes of a line that marks none as closed', () => {
  it('closes a minute when the next one begins', () => {
    const { bars, closes } = following()
    bars.update(row(0, '101'))
    bars.update(row(0, '102'))
    expect(closes()).toEqual([])
    bars.update(row(1, '103'))
    expect(closes()).toEqual([[0, '102', '1']])
  })

  it('closes a minute three seconds after its end when nobody trades', () => {
    const { bars, closes, clock } = following()
    bars.update(row(0, '101'))
    clock.advanceTo(NOON + MINUTE + 2_999)
    expect(closes()).toEqual([])
    clock.advanceTo(NOON + MINUTE + 3_000)
    expect(closes()).toEqual([[0, '101', '1']])
  })

  it('fills minutes without trades with the last close and no volume', () => {
    const { bars, told, closes, clock } = following()
    bars.update(row(0, '101'))
    clock.advanceTo(NOON + 3 * MINUTE + 3_000)
    expect(closes()).toEqual([
      [0, '101', '1'],
      [1, '101', '0'],
      [2, '101', '0'],
    ])
    expect(told[1]).toMatchObject({ open: '101', high: '101', low: '101' })
  })

  it('never tells a minute twice', () => {
    const { bars, closes, clock } = following()
    bars.update(row(0, '101'))
    clock.advanceTo(NOON + MINUTE + 3_000)
    bars.update(row(0, '102'))
    bars.update(row(1, '103'))
    bars.update(row(2, '104'))
    expect(closes()).toEqual([
      [0, '101', '1'],
      [1, '103', '1'],
    ])
  })

  it('does not take a silent line for a calm market', () => {
    const { bars, closes, clock, goSilent, speak } = following()
    bars.update(row(0, '101'))
    clock.advanceTo(NOON + MINUTE - 5_000)
    goSilent()
    clock.advanceTo(NOON + MINUTE + 8_000)
    expect(closes()).toEqual([])
    speak()
    clock.advanceTo(NOON + MINUTE + 9_000)
    expect(closes()).toEqual([[0, '101', '1']])
  })

  it('tells nothing of the history that a first subscription begins with', () => {
    const { bars, closes } = following()
    bars.snapshot([row(-2, '98'), row(-1, '99'), row(0, '100')])
    expect(closes()).toEqual([])
    bars.update(row(1, '101'))
    expect(closes()).toEqual([[0, '100', '1']])
  })

  it('tells the minutes that a drop hid, as the venue has them', () => {
    const { bars, closes, clock } = following()
    bars.update(row(0, '101'))
    bars.update(row(1, '102'))
    bars.pause()
    clock.advanceTo(NOON + 4 * MINUTE + 20_000)
    expect(closes()).toEqual([[0, '101', '1']])
    bars.snapshot([row(0, '101'), row(1, '105'), row(3, '107'), row(4, '108')])
    bars.update(row(5, '109'))
    expect(closes()).toEqual([
      [0, '101', '1'],
      [1, '105', '1'],
      [2, '105', '0'],
      [3, '107', '1'],
      [4, '108', '1'],
    ])
  })

  it('goes on filling when the drop hid no trade at all', () => {
    const { bars, closes, clock } = following()
    bars.update(row(0, '101'))
    clock.advanceTo(NOON + MINUTE + 3_000)
    bars.pause()
    clock.advanceTo(NOON + 2 * MINUTE + 30_000)
    bars.snapshot([row(-1, '100'), row(0, '101')])
    clock.advanceTo(NOON + 3 * MINUTE + 3_000)
    expect(closes()).toEqual([
      [0, '101', '1'],
      [1, '101', '0'],
      [2, '101', '0'],
    ])
  })
})
