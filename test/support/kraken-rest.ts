/** Kraken's public REST on loopback: status, two pairs, and candles that stand still up to the present minute. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface KrakenRestServer {
  readonly url: string
  /** Methods asked for, in order. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

const MINUTE_S = 60
const BARS = 720
const PRICES: Readonly<Record<string, string>> = { XBTUSDT: '50000.0', XRPUSDT: '1.00000' }

const listing = (altname: string, wsname: string, decimals: number) => ({
  ...{
    altname,
    wsname,
    pair_decimals: decimals,
    lot_decimals: 8,
    cost_decimals: 5,
    leverage_buy: [2, 3],
    leverage_sell: [2, 3],
  },
  ...{ ordermin: '0.00005', costmin: '0.5', tick_size: (10 ** -decimals).toFixed(decimals) },
})

function candles(asked: URLSearchParams, nowS: number): unknown {
  const name = asked.get('pair') ?? ''
  const step = Number(asked.get('interval')) * MINUTE_S
  const newest = Math.floor(nowS / step) * step
  const price = PRICES[name]
  const rows = Array.from({ length: BARS }, (_, bar) => [
    newest - (BARS - 1 - bar) * step,
    ...[price, price, price, price, price, '1.00000000', 1],
  ])
  return { [name]: rows, last: newest }
}

/** Listens on a free port of loopback; `now` in milliseconds. */
export async function krakenRestServer(now: () => number): Promise<KrakenRestServer> {
  const asked: string[] = []
  const resultOf = (method: string, query: URLSearchParams): unknown => {
    if (method === 'SystemStatus') return { status: 'online', timestamp: new Date(now()).toISOString() }
    if (method === 'OHLC') return candles(query, now() / 1000)
    return { XBTUSDT: listing('XBTUSDT', 'XBT/USDT', 1), XRPUSDT: listing('XRPUSDT', 'XRP/USDT', 5) }
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://loopback')
    const method = url.pathname.split('/').at(-1) ?? ''
    asked.push(method)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ error: [], result: resultOf(method, url.searchParams) }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}
