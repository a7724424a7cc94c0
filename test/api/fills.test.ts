import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { realClock } from '../../src/adapters/clock/real.ts'
import { serveApi } from '../../src/api/serve.ts'
import { asset, pair, tradeId } from '../../src/domain/ids.ts'
import { amount, sumOf } from '../../src/domain/units.ts'
import { deskAndApi, NOW } from './test-desk.ts'
import { fillRecord } from './test-history.ts'

const many = (count: number) => Array.from({ length: count }, (_, index) => fillRecord(`t${index}`, NOW - index))
function withFills(count: number) {
  const setup = deskAndApi()
  setup.history.fillsPast = many(count)
  return setup
}
const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true, record_delimiter: '\r\n' })

describe('fills', () => {
  it('are listed a hundred at a time, money as text and times as ISO text', async () => {
    const { history, get } = withFills(150)
    const { status, json } = await get('/api/v1/fills?symbol=BTC_USDT&side=buy&book=trading&from=2021-05-01')
    expect(status).toBe(200)
    expect(json.fills).toHaveLength(100)
    expect(json.nextCursor).toBe('t99')
    expect(json.fills[0]).toMatchObject({ tradeId: 't0', netProceeds: '-4.03201008', at: '2021-05-19T12:30:00.000Z' })
    expect(history.asked[0]?.filter).toEqual({
      ...{ symbol: 'BTC/USDT', side: 'buy', book: 'trading', from: Date.UTC(2021, 4, 1), to: null },
    })
    expect((await get('/api/v1/fills?cursor=t99')).json).toMatchObject({ nextCursor: null })
    expect((await get('/api/v1/fills?status=all')).status).toBe(400)
  })

  it('are 503 while the database is away', async () => {
    const { history, get } = withFills(1)
    history.answersLeft = 0
    expect((await get('/api/v1/fills')).status).toBe(503)
  })
})

describe('fills as CSV', () => {
  it('are all of them, with a header row, in exact decimals that sum to what was paid', async () => {
    const { history, get } = withFills(1_234)
    const { status, text, response } = await get('/api/v1/fills?format=csv')
    expect(status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="fills.csv"')
    const rows = rowsOf(text)
    expect(rows).toHaveLength(1_234)
    expect(rows[0]).toEqual({
      ...{ time: '2021-05-19T12:30:00.000Z', trade_id: 't0', order_id: 'o1', venue_order_id: 'OABC-1' },
      ...{ symbol: 'BTC/USDT', base_asset: 'BTC', quote_asset: 'USDT', side: 'buy', price: '40000.1' },
      ...{ quantity: '0.0001', cost: '4.00001', fee: '0.03200008', fee_asset: 'USDT', net_proceeds: '-4.03201008' },
      ...{ liquidity: 'taker', book: 'trading', purpose: 'entry', position_id: '', plan_id: '', origin: 'live' },
    })
    expect(sumOf(rows.map(({ fee = '' }) => amount(fee))).toString()).toBe(amount('0.03200008').times(1_234).toString())
    expect(history.asked.map(({ page }) => page.limit)).toEqual([500, 500, 500])
  })

  it('are a header row alone where there are none', async () => {
    const { text } = await withFills(0).get('/api/v1/fills?format=csv')
    expect(text).toMatch(/^time,trade_id,[a-z_,]+,origin\r\n$/)
  })

  it('are a page with a link to the next one when a limit is given', async () => {
    const { get } = withFills(3)
    const first = await get('/api/v1/fills?format=csv&limit=2&symbol=BTC_USDT')
    expect(rowsOf(first.text)).toHaveLength(2)
    const [, next = ''] = /^<(.+)>; rel="next"$/.exec(first.response.headers.get('link') ?? '') ?? []
    const second = await get(next)
    expect(rowsOf(second.text).map((row) => row.trade_id)).toEqual(['t2'])
    expect(second.response.headers.get('link')).toBeNull()
  })

  it('are quoted where they must be, and never a formula to a spreadsheet', async () => {
    const { history, get } = deskAndApi()
    const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', 'a,b', 'say "so"', 'two\r\nlines', '＝1', 'plain-1']
    history.fillsPast = names.map((name) => fillRecord(name, NOW))
    const { text } = await get('/api/v1/fills?format=csv')
    expect(rowsOf(text).map((row) => row.trade_id)).toEqual([
      ...["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "' =1", 'a,b', 'say "so"', 'two\r\nlines', "'＝1", 'plain-1'],
    ])
    expect(text).toContain('"say ""so"""')
    expect(rowsOf(text)[0]?.net_proceeds).toBe('-4.03201008')
  })

  it('name the asset that a fee was paid in', async () => {
    const { history, get } = deskAndApi()
    history.fillsPast = [
      fillRecord('t', NOW, { symbol: pair('XRP/BTC'), feeAsset: asset('BTC'), tradeId: tradeId('t') }),
    ]
    expect(rowsOf((await get('/api/v1/fills?format=csv')).text)[0]).toMatchObject({
      ...{ symbol: 'XRP/BTC', base_asset: 'XRP', quote_asset: 'BTC', fee_asset: 'BTC' },
    })
  })

  it.each([
    ['text/csv', 'text/csv'],
    ['text/*', 'text/csv'],
    ['TEXT/CSV, */*;q=0.1', 'text/csv'],
    ['application/json;q=0.5, text/csv', 'text/csv'],
    ['text/csv;q=0.5, application/json', 'application/json'],
    ['application/json, text/csv', 'application/json'],
    ['*/*', 'application/json'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
    ['text/csv;q=0, */*', 'application/json'],
  ])('or JSON, as Accept says: %s', async (accept, type) => {
    const { response } = await withFills(1).get('/api/v1/fills', { headers: { accept } })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')?.split(';', 1)[0]).toBe(type)
    expect(response.headers.get('vary')).toBe('accept')
  })

  it.each(['application/xml', 'image/*', 'text/csv;q=0, application/json;q=0'])('or 406: %s', async (accept) => {
    const { get } = withFills(1)
    for (const path of ['/api/v1/fills', '/api/v1/orders', '/api/v1/orders/o1']) {
      const { status, json } = await get(path, { headers: { accept } })
      expect(status).toBe(406)
      expect(json).toMatchObject({ type: 'urn:triplegain:problem:not-acceptable' })
    }
    expect((await get('/api/v1/fills?format=json', { headers: { accept } })).status).toBe(200)
  })

  it('break off loudly when the database goes away half-way: what is short never looks whole', async () => {
    const { history, app, log } = withFills(2_000)
    const api = await serveApi({ app, port: 0, clock: realClock(), log })
    history.answersLeft = 2
    const asked = fetch(`${api.url}/api/v1/fills?format=csv`)
    await expect(asked.then((response) => response.text())).rejects.toThrow()
    await api.close()
  })
})
