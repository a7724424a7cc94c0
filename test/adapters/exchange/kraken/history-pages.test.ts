/** A long history, of the ledger or of trades, is read in parts, and comes to its end. */
import { describe, expect, it } from 'vitest'
import { readFlows } from '../../../../src/adapters/exchange/kraken/account.ts'
import { flowsOf, HistoryPages, tradeFeesOf } from '../../../../src/adapters/exchange/kraken/history-pages.ts'
import { KnownFills } from '../../../../src/adapters/exchange/kraken/known-fills.ts'
import { NamedLists } from '../../../../src/adapters/exchange/kraken/named-lists.ts'
import { OrderLists } from '../../../../src/adapters/exchange/kraken/order-lists.ts'
import type { OrderRow } from '../../../../src/adapters/exchange/kraken/rows.ts'
import { asset, venueOrderId } from '../../../../src/domain/ids.ts'
import type { VenueAnswer } from '../../../../src/ports/exchange.ts'
import { BTC } from '../orders.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const names = { assetOf: (id: string) => asset(id), pairOf: () => BTC } as never
const MOST_LOOKS = 40

const entry = (index: number) => ({
  ...{ refid: `T${index}`, time: String(NOON / 1000 + 1 + index), type: index % 1_000 === 0 ? 'deposit' : 'trade' },
  ...{ asset: 'XBT', amount: '0.5', fee: '0' },
})
const trade = (index: number) => ({
  ...{ ordertxid: `O${index}`, pair: 'XBTUSDT', time: String(NOON / 1000 + 1 + index), type: 'buy', maker: false },
  ...{ ordertype: 'limit', price: '40000', cost: '400', fee: '0.1', vol: '0.01' },
})

/** An account of so many ledger entries and trades, one a second, the newest first, each page 50 of them. */
function venue(count: number) {
  const lists: Record<string, { readonly list: string; readonly row: (index: number) => object }> = {
    Ledgers: { list: 'ledger', row: entry },
    TradesHistory: { list: 'trades', row: trade },
  }
  const asked: { readonly method: string; readonly ofs: number }[] = []
  let size = count
  let allowed = Number.POSITIVE_INFINITY
  const calls = {
    ask: async ({ method, form }: { readonly method: string; readonly form: Readonly<Record<string, string>> }) => {
      allowed -= 1
      if (allowed < 0) {
        return { kind: 'refused', code: 'rate', message: 'EAPI:Rate limit exceeded' }
      }
      const { list, row } = lists[method] ?? { list: '', row: entry }
      const ofs = Number(form.ofs)
      asked.push({ method, ofs })
      const first = Math.max(0, Math.ceil(Number(form.start) - NOON / 1000) - 1)
      const rows = Array.from({ length: Math.max(0, size - first) }, (_, index) => size - 1 - index)
      const page = rows.slice(ofs, ofs + 50).map((index) => [`T${index}`, row(index)])
      return { kind: 'done', value: { [list]: Object.fromEntries(page), count: String(rows.length) } }
    },
  } as never
  return {
    ...{ calls, asked },
    allow: (pages: number) => {
      allowed = pages
    },
    grow: (by: number) => {
      size += by
    },
  }
}
type Venue = ReturnType<typeof venue>

/** As often as it takes. */
async function ask<T>(question: () => Promise<VenueAnswer<T>>, between: () => void = () => {}): Promise<T> {
  for (let time = 1; time <= MOST_LOOKS; time += 1) {
    const answer = await question()
    if (answer.kind === 'done') return answer.value
    between()
  }
  throw new Error('it did not end')
}

async function flows({ calls }: Venue, between?: () => void): Promise<readonly string[]> {
  const ledger = new HistoryPages(calls, flowsOf)
  return (await ask(() => readFlows(ledger, names, NOON), between)).map(({ flowId }) => flowId)
}
const DEPOSITS = ['T0', 'T1000', 'T2000']

describe('the ledger', () => {
  it('of more entries than one look reads is read on where it stopped, until all of it is', async () => {
    expect(await flows(venue(2_345))).toEqual(DEPOSITS)
  })

  it('goes on after a refusal, and reads nothing twice but where it stopped', async () => {
    const kraken = venue(990)
    kraken.allow(3)
    expect(await flows(kraken, () => kraken.allow(3))).toEqual(['T0'])
    expect(kraken.asked.length).toBeLessThan(35)
  })

  it('that grows meanwhile is told whole', async () => {
    const kraken = venue(990)
    expect(await flows(kraken, () => kraken.grow(7))).toEqual(['T0', 'T1000'])
    const busy = venue(990)
    expect(await flows(busy, () => busy.grow(60))).toEqual(['T0', 'T1000'])
  })
})

describe('the trades', () => {
  const at = (index: number): number => NOON + (1 + index) * 1_000
  const tradesOf = ({ calls }: Venue, since: () => number, between?: () => void) => {
    const lists = new OrderLists(calls, new KnownFills())
    const listings = { names: async () => ({ kind: 'done', value: names }) } as never
    const named = new NamedLists({ lists, listings, fees: new HistoryPages(calls, tradeFeesOf), log: {} as never })
    return ask(() => named.trades(since()), between)
  }

  it('of a week in which an account was busy are read to their end, oldest first, however many there are', async () => {
    const trades = await tradesOf(venue(2_345), () => NOON)
    expect(trades.map(({ fill }) => fill.at)).toEqual(Array.from({ length: 2_345 }, (_, index) => at(index)))
  })

  it('are whole also where more come in, and where later ones are asked for, while they are read', async () => {
    const kraken = venue(1_200)
    let since = NOON
    const between = () => {
      kraken.grow(20)
      since += 10_000
    }
    const times = (await tradesOf(kraken, () => since, between)).map(({ fill }) => fill.at)
    const first = (since - NOON) / 1_000
    const told = Array.from({ length: times.length }, (_, index) => at(first + index))
    expect(times).toEqual(told)
    expect(times.length).toBeGreaterThan(1_200)
  })

  it('are not read again while the ledger that tells their fees is still being read', async () => {
    const kraken = venue(990)
    await tradesOf(kraken, () => NOON)
    // Twenty pages each, a page to meet what is known at each look, and one at the end.
    expect(kraken.asked.filter(({ method }) => method === 'TradesHistory').length).toBeLessThan(40)
  })

  it('are read as far back as an order of ours has fills that were not heard of', async () => {
    const { calls } = venue(2_345)
    const lists = new OrderLists(calls, new KnownFills())
    const row: OrderRow = {
      ...{ venueOrderId: venueOrderId('O3'), clientOrderId: null, pairName: 'XBTUSDT', side: 'buy', type: 'limit' },
      ...{ status: 'open', quantity: '0.02', limitPrice: '40000', triggerPrice: null, filled: '0.01', reason: null },
      ...{ openedAt: NOON, closedAt: null },
    }
    expect(await ask(() => lists.withFills([row]))).toMatchObject([{ fills: [{ tradeId: 'T3' }] }])
  })
})
