import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isoTime, parseTime } from '../../src/domain/utc.ts'

const YEAR_0 = -62_167_219_200_000
const YEAR_10000 = 253_402_300_800_000
const anyTime = fc.integer({ min: YEAR_0, max: YEAR_10000 - 1 })

describe('isoTime', () => {
  it('writes every millisecond of the years 0 to 9999 as the platform does', () => {
    fc.assert(fc.property(anyTime, (at) => isoTime(at) === new Date(at).toISOString()))
  })

  it('knows leap days and the ends of centuries', () => {
    const days = ['1970-01-01', '2000-02-29', '2000-03-01', '1900-02-28', '1900-03-01', '2024-02-29', '2099-12-31']
    for (const day of days) expect(isoTime(Date.parse(day))).toBe(`${day}T00:00:00.000Z`)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, YEAR_10000, YEAR_0 - 1])('refuses %d', (at) => {
    expect(() => isoTime(at)).toThrow(RangeError)
  })
})

describe('parseTime', () => {
  it('reads back what isoTime writes', () => {
    fc.assert(fc.property(anyTime, (at) => parseTime(isoTime(at)) === at))
  })

  it.each([
    ['2021-05-19', '2021-05-19T00:00:00.000Z'],
    ['2021-05-19T12:30', '2021-05-19T12:30:00.000Z'],
    ['2021-05-19 12:30:05', '2021-05-19T12:30:05.000Z'],
    ['2021-05-19T12:30:05.5Z', '2021-05-19T12:30:05.500Z'],
    ['2021-05-19T12:30:00+02:00', '2021-05-19T10:30:00.000Z'],
    ['2021-05-19T23:30:00-05:30', '2021-05-20T05:00:00.000Z'],
  ])('takes %s for UTC unless it names an offset', (given, meant) => {
    expect(parseTime(given)).toBe(Date.parse(meant))
  })

  it.each([
    '2021-02-29',
    '2021-13-01',
    '2021-00-10',
    '2021-04-31',
    '2021-05-19T24:00',
    '2021-05-19T12:60',
    '2021-05-19T12:30:00+15:00',
    '2021-5-1',
    '19.05.2021',
    'yesterday',
    '',
  ])('takes %j for no time', (given) => {
    expect(parseTime(given)).toBeNull()
  })
})
