/** What any exchange must do, whoever implements it: the paper venue in process, or the live adapter against the sandbox. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Flow } from '../../../src/domain/account-history.ts'
import { type OrderId, pair } from '../../../src/domain/ids.ts'
import type { OrderRequest } from '../../../src/domain/order.ts'
import { amount, type Numeric, text } from '../../../src/domain/units.ts'
import type { Exchange, ExecutionReport, VenueAnswer } from '../../../src/ports/exchange.ts'
import { BTC, clientId, orderRequest } from './orders.ts'

/**
 * An exchange with 10,000 USDT and 1 BTC, BTC/USDT by the built-in rules, fees 0.40 % and 0.80 %, a quarter of a print's
 * volume to our orders, half a spread of 2 basis points and 1 tick of slippage, margin at 0.02 % for opening and for every
 * four hours, and a market that the test moves.
 */
export interface ExchangeHarness {
  readonly exchange: Exchange
  /** Everything told so far, oldest first. */
  readonly reports: readonly ExecutionReport[]
  /** Charges for positions on margin, as they were told, oldest first. */
  readonly charges: readonly Flow[]
  /** The venue's time, milliseconds UTC. */
  now(): number
  /** Lets time go by until the call is answered. */
  answered<T>(call: Promise<T>): Promise<T>
  /** Lets that much time go by, and what happens in it be told. */
  pass(ms: number): Promise<void>
  /** Somebody else's trade, at once. */
  print(price: Numeric, quantity: Numeric, side?: 'buy' | 'sell' | null): Promise<void>
  stop(): Promise<void>
}

/** More than any latency of the venue under test. */
const LONG_MS = 2_000

export function exchangeContract(name: string, open: () => Promise<ExchangeHarness>): void {
  describe(`${name} as an exchange`, () => {
    let harness: ExchangeHarness
    let ids = 0
    afterEach(() => harness.stop())

    const begin = async (): Promise<void> => {
      harness = await open()
      await harness.print('40000', '1')
    }
    const send = async (changes: Partial<OrderRequest> = {}, id: OrderId = clientId(++ids)) => {
      const placed = harness.exchange.place({
        clientOrderId: id,
        request: orderRequest(changes),
        deadlineAt: harness.now() + 5_000,
      })
      return { id, answer: await harness.answered(placed) }
    }
    const told = (id: OrderId): string[] =>
      harness.reports.filter((report) => report.clientOrderId === id).map((report) => report.kind)
    const fillsOf = (id: OrderId) =>
      harness.reports.flatMap((report) =>
        report.kind === 'filled' && report.clientOrderId === id ? [report.fill] : [],
      )
    const found = async (id: OrderId) => {
      const answer = await harness.answered(harness.exchange.lookUp(id))
      return answer.kind === 'done' ? answer.value : answer
    }
    const balance = async (asset: string) => {
      const answer = await harness.answered(harness.exchange.balances())
      const row = answer.kind === 'done' ? answer.value.find((each) => each.asset === asset) : undefined
      return { total: row?.total ?? '0', held: row?.held ?? '0' }
    }

    it('acknowledges a resting order with its own id, and tells that it is open', async () => {
      await begin()
      const { id, answer } = await send({ limitPrice: '39000' })
      expect(answer.kind).toBe('done')
      const venueId = answer.kind === 'done' ? answer.value.venueOrderId : ''
      expect(venueId).toMatch(/^O[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}$/)
      expect(harness.reports.filter((report) => report.clientOrderId === id)).toMatchObject([
        { kind: 'opened', venueOrderId: venueId },
      ])
      const rows = await harness.answered(harness.exchange.openOrders())
      expect(rows).toMatchObject({
        kind: 'done',
        value: [{ clientOrderId: id, symbol: 'BTC/USDT', side: 'buy', status: 'open', limitPrice: '39000' }],
      })
    })

    it('fills a market order at once, as a taker, and tells price, quantity and fee', async () => {
      await begin()
      const { id } = await send({ type: 'market', limitPrice: null })
      expect(told(id)).toEqual(['opened', 'filled'])
      expect(fillsOf(id)).toMatchObject([{ liquidity: 'taker', quantity: '0.01', price: '40008.1', fee: '3.20065' }])
      expect(await found(id)).toMatchObject({ status: 'filled', filled: '0.01' })
    })

    it('never fills a resting order on a touch that it has no queue place for', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000' })
      await harness.print('39000', '50')
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened'])
    })

    it('fills a resting order in parts, as a maker at its own price, when prints go through it', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000', quantity: '0.01' })
      await harness.print('38999.9', '0.02')
      await harness.pass(LONG_MS)
      expect(fillsOf(id)).toMatchObject([{ liquidity: 'maker', quantity: '0.005', price: '39000', fee: '0.78' }])
      expect(await found(id)).toMatchObject({ status: 'open', filled: '0.005' })
      await harness.print('38999.9', '1')
      await harness.pass(LONG_MS)
      expect(fillsOf(id).map((fill) => fill.quantity)).toEqual(['0.005', '0.005'])
      expect(new Set(fillsOf(id).map((fill) => fill.tradeId)).size).toBe(2)
      expect(await found(id)).toMatchObject({ status: 'filled', filled: '0.01' })
    })

    it('cancels a resting order and gives back what it held', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000' })
      expect(await balance('USDT')).toEqual({ total: '10000', held: '393.12' })
      expect(await harness.answered(harness.exchange.cancel(id))).toEqual({ kind: 'done', value: null })
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened', 'cancelled'])
      expect(await found(id)).toMatchObject({ status: 'cancelled', filled: '0' })
      expect(await balance('USDT')).toEqual({ total: '10000', held: '0' })
    })

    it('keeps the filled part of a cancelled order', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000' })
      await harness.print('38990', '0.02')
      await harness.answered(harness.exchange.cancel(id))
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened', 'filled', 'cancelled'])
      expect(await found(id)).toMatchObject({ status: 'cancelled', filled: '0.005' })
      expect((await balance('BTC')).total).toBe('1.005')
    })

    it('lets a cancel lose to a fill that comes first', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000' })
      const cancelling = harness.exchange.cancel(id)
      await harness.print('38990', '1')
      expect(await harness.answered(cancelling)).toMatchObject({ kind: 'refused', code: 'gone' })
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened', 'filled'])
    })

    it('answers null for a client id that it has never seen', async () => {
      await begin()
      expect(await found(clientId(999_999))).toBeNull()
    })

    it('finds an order by its client id with all its fills, also when it is closed', async () => {
      await begin()
      const { id } = await send({ type: 'market', limitPrice: null })
      expect(await found(id)).toMatchObject({ status: 'filled', fills: fillsOf(id) })
    })

    it('refuses a client id that an open order already has', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000' })
      const again = await send({ limitPrice: '38000' }, id)
      expect(again.answer).toMatchObject({ kind: 'refused', code: 'validation' })
      expect(await harness.answered(harness.exchange.openOrders())).toMatchObject({ value: [{ limitPrice: '39000' }] })
    })

    it.each([
      ['a buy that costs more than there is', { quantity: '0.25', limitPrice: '39900' }],
      ['a market buy that costs more than there is', { type: 'market', quantity: '0.25', limitPrice: null }],
      ['a sell of more than there is', { side: 'sell', quantity: '1.00000001', limitPrice: '50000' }],
    ] as const)('refuses %s for insufficient funds', async (_what, changes) => {
      await begin()
      const { answer } = await send(changes)
      expect(answer).toEqual({ kind: 'refused', code: 'funds', message: 'EOrder:Insufficient funds' })
    })

    it('holds the coins of a resting stop, so that a second exit for them is refused', async () => {
      await begin()
      const stop = { side: 'sell', type: 'stop-loss', quantity: '1', limitPrice: null, triggerPrice: '38000' } as const
      await send(stop)
      expect(await balance('BTC')).toEqual({ total: '1', held: '1' })
      const { answer } = await send({ side: 'sell', type: 'market', quantity: '0.5', limitPrice: null })
      expect(answer).toMatchObject({ kind: 'refused', code: 'funds' })
    })

    it.each([
      ['a quantity below the minimum', { quantity: '0.00004' }, 'EOrder:Order minimum not met'],
      ['a cost below the minimum', { quantity: '0.00005', limitPrice: '9999.9' }, 'EOrder:Cost minimum not met'],
      ['a price between ticks', { limitPrice: '39000.05' }, 'EOrder:Tick size check failed'],
      ['a quantity between lots', { quantity: '0.010000001' }, 'EGeneral:Invalid arguments:volume'],
    ] as const)('refuses %s in the venue’s own words', async (_what, changes, message) => {
      await begin()
      const { answer } = await send(changes)
      expect(answer).toEqual({ kind: 'refused', code: 'validation', message })
    })

    it('refuses an order that arrives after its deadline', async () => {
      await begin()
      const placed = harness.exchange.place({
        clientOrderId: clientId(++ids),
        request: orderRequest(),
        deadlineAt: harness.now() - 1,
      })
      const message = 'EService:Deadline elapsed'
      expect(await harness.answered(placed)).toEqual({ kind: 'refused', code: 'deadline', message })
    })

    it('sets a stop off when the price falls to it, and sells what it holds', async () => {
      await begin()
      const stop = { side: 'sell', type: 'stop-loss', limitPrice: null, triggerPrice: '39900' } as const
      const { id } = await send(stop)
      await harness.print('39950', '1')
      expect(told(id)).toEqual(['opened'])
      await harness.print('39890', '1')
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened', 'filled'])
      expect(fillsOf(id)).toMatchObject([{ liquidity: 'taker', quantity: '0.01' }])
      expect(amount(fillsOf(id)[0]?.price ?? 0).lt('39900')).toBe(true)
      expect(await balance('BTC')).toEqual({ total: '0.99', held: '0' })
    })

    it('lets a trailing stop follow the price up, and sells when the price falls that far behind the best', async () => {
      await begin()
      const trailing = { offset: '1', isPercent: true }
      const { id } = await send({ side: 'sell', type: 'trailing-stop', limitPrice: null, trailing })
      await harness.print('41000', '1')
      await harness.print('40600', '1')
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened'])
      expect(await found(id)).toMatchObject({ status: 'open', triggerPrice: '40590' })
      await harness.print('40590', '1')
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened', 'filled'])
      expect(fillsOf(id)).toMatchObject([{ liquidity: 'taker', price: '40581.7' }])
    })

    it('amends price and quantity in place, and tells so', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000' })
      const change = { clientOrderId: id, quantity: '0.02', limitPrice: '38000' }
      expect(await harness.answered(harness.exchange.amend(change))).toEqual({ kind: 'done', value: null })
      await harness.pass(LONG_MS)
      expect(harness.reports.at(-1)).toMatchObject({ kind: 'amended', quantity: '0.02', limitPrice: '38000' })
      expect(await found(id)).toMatchObject({ status: 'open', quantity: '0.02', limitPrice: '38000' })
      expect((await balance('USDT')).held).toBe('766.08')
    })

    it('amends the trigger of a resting stop', async () => {
      await begin()
      const stop = { side: 'sell', type: 'stop-loss', limitPrice: null, triggerPrice: '38000' } as const
      const { id } = await send(stop)
      await harness.answered(harness.exchange.amend({ clientOrderId: id, triggerPrice: '39500' }))
      await harness.print('39400', '1')
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened', 'amended', 'filled'])
    })

    it('refuses to amend or cancel what is not open', async () => {
      await begin()
      const gone = { kind: 'refused', code: 'gone', message: 'EOrder:Unknown order' }
      const unknown = clientId(999_998)
      expect(await harness.answered(harness.exchange.cancel(unknown))).toEqual(gone)
      expect(await harness.answered(harness.exchange.amend({ clientOrderId: unknown, quantity: '1' }))).toEqual(gone)
    })

    it('expires an order at its time', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000', timeInForce: 'GTD', expiresAt: harness.now() + 5_000 })
      await harness.pass(6_000)
      expect(told(id)).toEqual(['opened', 'expired'])
      expect(await found(id)).toMatchObject({ status: 'expired' })
      expect((await balance('USDT')).held).toBe('0')
    })

    it('accepts a post-only order that would cross, and cancels it', async () => {
      await begin()
      const { id, answer } = await send({ limitPrice: '40100', postOnly: true })
      await harness.pass(LONG_MS)
      expect(answer.kind).toBe('done')
      expect(told(id)).toEqual(['opened', 'cancelled'])
      expect(await found(id)).toMatchObject({ status: 'cancelled', reason: 'Post only order', filled: '0' })
    })

    it('cancels what an immediate-or-cancel order cannot get at once', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000', timeInForce: 'IOC' })
      await harness.pass(LONG_MS)
      expect(told(id)).toEqual(['opened', 'cancelled'])
    })

    it('moves both balances by exactly what the fills say', async () => {
      await begin()
      const { id } = await send({ type: 'market', limitPrice: null, quantity: '0.03456789' })
      const [fill] = fillsOf(id)
      const cost = amount(fill?.price ?? 0).times(fill?.quantity ?? 0)
      const spent = cost.plus(fill?.fee ?? 0)
      expect(await balance('USDT')).toEqual({ total: text(amount(10_000).minus(spent)), held: '0' })
      expect(await balance('BTC')).toEqual({ total: '1.03456789', held: '0' })
    })

    it('checks an order in full without placing it', async () => {
      await begin()
      const check = (changes: Partial<OrderRequest>) =>
        harness.answered(
          harness.exchange.validate({
            clientOrderId: clientId(++ids),
            request: orderRequest(changes),
            deadlineAt: harness.now() + 5_000,
          }),
        )
      expect(await check({})).toEqual({ kind: 'done', value: null })
      const message = 'EOrder:Order minimum not met'
      expect(await check({ quantity: '0.00004' })).toEqual({ kind: 'refused', code: 'validation', message })
      expect(await harness.answered(harness.exchange.openOrders())).toEqual({ kind: 'done', value: [] })
      expect(harness.reports).toEqual([])
      expect((await balance('USDT')).held).toBe('0')
    })

    it('tells the type of an open order, and when it was taken', async () => {
      await begin()
      const from = harness.now()
      await send({ side: 'sell', type: 'stop-loss', limitPrice: null, triggerPrice: '38000' })
      const rows = await harness.answered(harness.exchange.openOrders())
      const [row] = rows.kind === 'done' ? rows.value : []
      expect(row?.type).toBe('stop-loss')
      expect(row?.openedAt).toBeGreaterThanOrEqual(from)
      expect(row?.openedAt).toBeLessThanOrEqual(harness.now())
    })

    it('tells the account’s fees of the pairs it trades', async () => {
      await begin()
      const answer = await harness.answered(harness.exchange.fees([BTC, pair('DOGE/USDT')]))
      expect(answer.kind === 'done' ? [...answer.value] : answer).toEqual([[BTC, { maker: '0.004', taker: '0.008' }]])
    })

    it('knows of no flows where nothing but trading moved the balances', async () => {
      await begin()
      await send({ type: 'market', limitPrice: null })
      expect(await harness.answered(harness.exchange.flows(0))).toEqual({ kind: 'done', value: [] })
    })

    it('lists the executions of the account with the order each belongs to, those before a moment left out', async () => {
      await begin()
      const { id } = await send({ type: 'market', limitPrice: null })
      const tradesSince = async (since: number) => {
        const answer = await harness.answered(harness.exchange.trades(since))
        return answer.kind === 'done' ? answer.value : []
      }
      const looked = await harness.answered(harness.exchange.lookUp(id))
      const { venueOrderId } = (looked.kind === 'done' && looked.value) || {}
      const order = { venueOrderId, symbol: 'BTC/USDT', side: 'buy', feeAsset: 'USDT' }
      expect(await tradesSince(0)).toMatchObject(
        fillsOf(id).map((fill) => ({ ...order, orderType: 'market', fill: { ...fill, at: expect.any(Number) } })),
      )
      const last = Math.max(...(await tradesSince(0)).map((trade) => trade.fill.at))
      expect(await tradesSince(last)).toEqual([])
    })

    const LEVERED = { type: 'market', limitPrice: null, leverage: 2, quantity: '0.1' } as const
    const done = async <T>(call: Promise<VenueAnswer<T>>): Promise<T> => {
      const answer = await harness.answered(call)
      if (answer.kind !== 'done') throw new Error(`the venue answered ${answer.kind}`)
      return answer.value
    }

    it('opens on margin without moving a coin: fee and opening charge are all that is paid', async () => {
      await begin()
      const { id } = await send(LEVERED)
      await harness.pass(LONG_MS)
      const [fill] = fillsOf(id)
      expect(fill).toMatchObject({ price: '40008.1', quantity: '0.1', fee: '32.00648' })
      expect((await balance('BTC')).total).toBe('1')
      expect((await balance('USDT')).total).toBe(text(amount('10000').minus('32.00648').minus('0.80017')))
      expect(await done(harness.exchange.marginPositions())).toEqual([{ symbol: BTC, side: 'long', quantity: '0.1' }])
      expect(await done(harness.exchange.trades(0))).toMatchObject([{ leverage: 2, side: 'buy' }])
    })

    it('tells an opening charge and each rollover at once and among the flows, with the trade that opened it', async () => {
      await begin()
      const { id } = await send({ ...LEVERED, side: 'sell' })
      await harness.pass(LONG_MS)
      const [fill] = fillsOf(id)
      const charge = { kind: 'financing', tradeId: fill?.tradeId, asset: 'USDT' }
      expect(harness.charges).toMatchObject([charge])
      expect(await done(harness.exchange.flows(0))).toEqual(harness.charges)
      expect(await done(harness.exchange.marginPositions())).toMatchObject([{ side: 'short', quantity: '0.1' }])
    })

    it('nets what is traded on the other side, and pays out what was gained', async () => {
      await begin()
      await send({ ...LEVERED, side: 'sell' })
      await harness.print('39000', '1')
      const before = amount((await balance('USDT')).total)
      const { id } = await send({ ...LEVERED, quantity: '0.04', reduceOnly: true })
      await harness.pass(LONG_MS)
      const [fill] = fillsOf(id)
      const [opened] = (await done(harness.exchange.trades(0))).map((trade) => trade.fill)
      const gained = amount(opened?.price ?? 0)
        .minus(fill?.price ?? 0)
        .times('0.04')
        .minus(fill?.fee ?? 0)
      expect(text(amount((await balance('USDT')).total).minus(before))).toBe(text(gained))
      expect(await done(harness.exchange.marginPositions())).toMatchObject([{ side: 'short', quantity: '0.06' }])
      expect((await balance('BTC')).total).toBe('1')
    })

    it('refuses to reduce what is not open, and a leverage that the pair does not list', async () => {
      await begin()
      expect((await send({ ...LEVERED, reduceOnly: true })).answer).toMatchObject({ kind: 'refused' })
      expect((await send({ ...LEVERED, leverage: 7 })).answer).toMatchObject({ kind: 'refused', code: 'validation' })
      expect(await done(harness.exchange.marginPositions())).toEqual([])
    })

    it('says what the key may do', async () => {
      await begin()
      const answer = await harness.answered(harness.exchange.permissions())
      expect(answer).toMatchObject({ kind: 'done', value: { mayTrade: true, mayWithdraw: false } })
    })

    it('cancels all orders when the dead-man switch was not armed anew in time', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000' })
      await harness.answered(harness.exchange.cancelAllAfter(60_000))
      await harness.pass(50_000)
      expect(await harness.answered(harness.exchange.cancelAllAfter(60_000))).toEqual({ kind: 'done', value: null })
      await harness.pass(50_000)
      expect(told(id)).toEqual(['opened'])
      await harness.pass(12_000)
      expect(told(id)).toEqual(['opened', 'cancelled'])
    })

    it('cancels nothing once the dead-man switch is disarmed', async () => {
      await begin()
      const { id } = await send({ limitPrice: '39000' })
      await harness.answered(harness.exchange.cancelAllAfter(60_000))
      await harness.answered(harness.exchange.cancelAllAfter(0))
      await harness.pass(120_000)
      expect(told(id)).toEqual(['opened'])
    })

    it('lists the pairs it trades with their rules', async () => {
      await begin()
      const listed = await harness.answered(harness.exchange.instruments())
      const rows = listed.kind === 'done' ? listed.value : []
      expect(rows.find((row) => row.symbol === BTC)).toMatchObject({ tick: '0.1', orderMin: '0.00005' })
    })
  })
}
