import { describe, expect, it } from 'vitest'
import { bannerLines } from '../../src/cli/banner.ts'
import { formatSummary } from '../../src/cli/summary.ts'
import { pair } from '../../src/domain/ids.ts'
import type { ReplaySummary } from '../../src/domain/replay-summary.ts'

const summary: ReplaySummary = {
  candles: 1_051_200,
  decisions: 17_520,
  orders: { FILLED: 310, CANCELLED: 41, EXPIRED: 0 },
  trades: 120,
  pnlNet: '-12.3449',
  feesPaid: '48.005',
  maxDrawdownPct: '7.12345',
  equityStart: '1300',
  equityEnd: '2345.678901',
  tradingNet: '-12.3449',
  rebalancingFees: '-1.004',
  revaluation: '1059.027801',
  flows: '0',
  unprotectedSeconds: 0,
  protectGapMs: { p50: 300, p99: 612.5, max: 900 },
  restarts: 0,
  eventsByType: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`kind.event${index}`, 1_000 - index])),
  journalEvents: 4_321,
  journalHash: '0f'.repeat(32),
  seconds: 41.2345,
}

/** The figures of the statement, in cents, as printed. */
function printed(text: string): Map<string, number> {
  const rows = text.split('\n').map((line) => /^ {2}(.+?) {2,}(-?[\d,]+\.\d\d)$/.exec(line))
  return new Map(rows.filter((row) => row !== null).map((row) => [row[1] ?? '', cents(row[2] ?? '')]))
}
const cents = (figure: string): number => Number(figure.replace(/[,.]/g, ''))

describe('the summary of a replay', () => {
  it('reads well in under 40 lines of at most 100 characters', () => {
    const lines = formatSummary(summary).split('\n')
    expect(lines.length).toBeLessThan(40)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(lines[0]).toBe('Replay of 1,051,200 candles in 41.2 s, 25,493 a second')
    expect(lines).toContain('  orders            351: 310 FILLED, 41 CANCELLED')
    expect(lines).toContain('  largest drawdown  7.12 %')
    expect(lines).toContain('  fill to stop  median 300 ms, p99 612.5 ms, most 900 ms')
    expect(lines).toContain('  30 other types  29,265')
  })

  it('prints a statement that adds up to the cent', () => {
    const figures = printed(formatSummary(summary))
    const parts = [
      'equity at start',
      'trading, net',
      'rebalancing fees',
      'revaluation of core',
      'deposits − withdrawals',
    ]
    const explained = parts.reduce((sum, part) => sum + (figures.get(part) ?? Number.NaN), 0)
    expect(explained).toBe(figures.get('equity at end'))
    expect(figures.get('equity at end')).toBe(234_568)
    expect(figures.has('UNEXPLAINED')).toBe(false)
    expect(figures.get('profit, net')).toBe(figures.get('trading, net'))
  })

  it('names what the statement does not explain', () => {
    const figures = printed(formatSummary({ ...summary, equityEnd: '2355.678901' }))
    expect(figures.get('UNEXPLAINED')).toBe(1_000)
  })

  it('has a dash where nothing was measured', () => {
    const text = formatSummary({
      ...summary,
      orders: {},
      seconds: 0,
      eventsByType: {},
      protectGapMs: { p50: null, p99: null, max: null },
    })
    expect(text).toContain('median –, p99 –, most –')
    expect(text).toMatch(/^ {2}orders +0$/m)
    expect(text).toContain('candles in 0.0 s\n')
  })
})

describe('the banner', () => {
  const facts = {
    mode: 'paper',
    feed: { name: 'simulated', fallback: true, reason: 'Kraken did not answer within 5 s' },
    agents: { mode: 'rules' },
    symbols: [pair('BTC/USDT'), pair('XRP/USDT')],
    margin: false,
    database: { driver: 'pglite', where: 'data' },
    url: 'http://127.0.0.1:3000',
  } as const

  it('says what it does, where to look and how to stop', () => {
    expect(bannerLines(facts)).toEqual([
      'TripleGain  PAPER: no real money',
      '  trades    BTC/USDT, XRP/USDT',
      '  feed      simulated, invented prices. A FALLBACK: Kraken did not answer within 5 s',
      '  agents    rules (no LLM is asked)',
      '  database  pglite, data',
      '  look at   http://127.0.0.1:3000/api/v1/coordinator/status, or: npm run -s triplegain -- status --url http://127.0.0.1:3000',
      '  stop      Ctrl-C drains and saves; a second start resumes',
    ])
  })

  it('says loudly that margin is on, and nothing of it where it is off', () => {
    expect(bannerLines({ ...facts, margin: true })).toContain(
      '  margin    MARGIN IS ON: shorts and leverage are traded, and more than what is held can be lost',
    )
    expect(bannerLines(facts).join('\n')).not.toMatch(/margin/i)
  })

  it('says nothing of a fallback where there is none', () => {
    const lines = bannerLines({ ...facts, feed: { name: 'kraken', fallback: false, reason: null }, url: null })
    expect(lines).toContain('  feed      kraken, live prices')
    expect(lines.join('\n')).not.toMatch(/FALLBACK|look at/)
  })
})
