import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { movesOf } from '../../../../src/domain/external-order.ts'
import type { OrderId } from '../../../../src/domain/ids.ts'
import type { OrderRequest } from '../../../../src/domain/order.ts'
import { amount, text } from '../../../../src/domain/units.ts'
import { exchangeContract } from '../exchange.contract.ts'
import { BTC, clientId, orderRequest } from '../orders.ts'
import { openAtSandbox, type SandboxHarness } from './sandbox.harness.ts'

exchangeContract('Kraken, live against the sandbox,', openAtSandbox)

const ID = clientId(1)
const RESTING: Partial<OrderRequest> = { limitPrice: '39000' }

let house: SandboxHarness
beforeEach(async () => {
  house = await openAtSandbox()
  await house.print('40000', '1')
})
afterEach(() => house.stop())

const place = (changes: Partial<OrderRequest> = RESTING, id: OrderId = ID) =>
  house.exchange.place({ clientOrderId: id, request: orderRequest(changes), deadlineAt: house.now() + 5_000 })
const placed = (changes?: Partial<OrderRequest>, id?: OrderId) => house.answered(place(changes, id))
const found = async (id: OrderId = ID) => {
  const answer = await house.answered(house.exchange.lookUp(id))
  return answer.kind === 'done' ? answer.value : answer
}
const told = (id: OrderId = ID) =>
  house.reports.filter((report) => report.clientOrderId === id).map((report) => report.kind)
const atVenue = () => house.sandbox.venue.openOrders().length
const onAddOrder = { match: { method: 'AddOrder' } }

describe('an order whose answer does not come back', () => {
  it('is lost when the answer is dropped after the engine, and found by our id', async () => {
    house.fault({ kind: 'drop-answer', ...onAddOrder })
    expect(await placed()).toMatchObject({ kind: 'lost' })
    expect(await found()).toMatchObject({ status: 'open', limitPrice: '39000' })
  })

  it('is lost when Kraken says 520 after it was taken, and found by our id', async () => {
    house.fault({ kind: 'server-error', status: 520, ...onAddOrder })
    expect(await placed()).toEqual({ kind: 'lost', problem: 'AddOrder: HTTP 520' })
    expect(await found()).toMatchObject({ status: 'open' })
  })

  it('is lost when the connection is reset before the engine, and found nowhere', async () => {
    house.fault({ kind: 'drop-request', ...onAddOrder })
    expect(await placed()).toMatchObject({ kind: 'lost' })
    expect(await found()).toBeNull()
  })

  it('is found with its fills when it was executed at once', async () => {
    house.fault({ kind: 'drop-answer', ...onAddOrder })
    expect(await placed({ type: 'market', limitPrice: null })).toMatchObject({ kind: 'lost' })
    expect(await found()).toMatchObject({ status: 'filled', fills: [{ quantity: '0.01', liquidity: 'taker' }] })
  })

  it('is void where it waits on the way until its deadline is past', async () => {
    house.fault({ kind: 'delay', delayMs: 8_000, ...onAddOrder })
    expect(await placed()).toMatchObject({ kind: 'lost', problem: 'AddOrder: no answer within 5000 ms' })
    await house.pass(4_000)
    expect(await found()).toBeNull()
    expect(atVenue()).toBe(0)
  })

  it('holds nothing up: what comes after it leaves within a second, and a nonce overtaken on the wire is used anew', async () => {
    house.fault({ kind: 'delay', delayMs: 3_000, ...onAddOrder })
    const askedAt = house.now()
    const [slow, next] = [place(RESTING, clientId(1)), place({ limitPrice: '38000' }, clientId(2))]
    expect(await house.answered(next)).toMatchObject({ kind: 'done' })
    expect(house.now() - askedAt).toBeLessThan(2_900)
    expect(await house.answered(slow)).toMatchObject({ kind: 'done' })
    expect(atVenue()).toBe(2)
  })
})

describe('the nonce', () => {
  it('of an older process is refused, and nothing is sent again by who no longer leads', async () => {
    house.lead.nonce = 0
    house.lead.leads = false
    expect(await placed()).toEqual({ kind: 'refused', code: 'nonce', message: 'EAPI:Invalid nonce' })
    expect(await house.answered(house.exchange.cancel(ID))).toMatchObject({ kind: 'refused', code: 'nonce' })
    expect(atVenue()).toBe(0)
  })

  it('that was refused while we lead is followed by the next, and the order is there once', async () => {
    await placed({ limitPrice: '38000' }, clientId(2))
    house.lead.nonce -= 1
    expect(await placed()).toMatchObject({ kind: 'done' })
    expect(atVenue()).toBe(2)
  })
})

describe('a venue that refuses for a while', () => {
  it('refuses for its rate limit without having taken anything', async () => {
    house.fault({ kind: 'rate-limit', ...onAddOrder })
    expect(await placed()).toMatchObject({ kind: 'refused', code: 'rate' })
    expect(await found()).toBeNull()
  })

  it('refuses new orders in cancel_only, and still cancels', async () => {
    await placed()
    house.sandbox.venue.setMode('cancel_only')
    expect(await placed({ limitPrice: '38000' }, clientId(2))).toMatchObject({ kind: 'refused', code: 'mode' })
    expect(await house.answered(house.exchange.cancel(ID))).toEqual({ kind: 'done', value: null })
    expect(await house.answered(house.exchange.system())).toEqual({ kind: 'done', value: 'cancel_only' })
  })
})

describe('a private line that does wrong', () => {
  const onExecutions = { match: { channel: 'executions' } }

  it('tells every fill once though frames come twice', async () => {
    house.fault({ kind: 'duplicate-frame', probability: 1, ...onExecutions })
    await placed({ type: 'market', limitPrice: null })
    expect(told()).toEqual(['opened', 'filled'])
  })

  it('tells every fill once though frames come in another order', async () => {
    await placed()
    house.fault({ kind: 'reorder-frame', probability: 0.5, ...onExecutions })
    for (const quantity of ['0.01', '0.008', '0.004', '1']) await house.print('38990', quantity)
    await house.until(() => house.lines.at(-1) === 'up')
    await house.exchange.caughtUp()
    expect(told().filter((kind) => kind === 'filled')).toHaveLength(4)
  })

  it('calls for one reconciliation when a frame is missing, and what it lacked is found by asking', async () => {
    await placed()
    house.fault({ kind: 'sequence-gap', ...onExecutions })
    await house.print('38990', '0.02')
    await house.print('38990', '1')
    await house.until(() => house.lines.length >= 3)
    await house.exchange.caughtUp()
    expect(house.lines).toEqual(['up', 'frames of executions are missing', 'up'])
    expect(await found()).toMatchObject({ status: 'filled', filled: '0.01', fills: [{}, {}] })
  })

  it('comes back with another token when one is refused', async () => {
    house.fault({ kind: 'token-expiry' })
    house.fault({ kind: 'drop-socket', match: { channel: 'executions' } })
    await placed()
    await house.until(() => house.lines.at(-1) === 'up' && house.lines.length >= 3)
    expect(house.lines[1]).toMatch(/closed|refused/)
    await house.print('38990', '1')
    expect(told()).toContain('filled')
  })

  it('that falls silent is given up, and the lists tell what happens until it is back', async () => {
    await placed()
    house.fault({ kind: 'silent-socket', match: { channel: 'executions' } })
    house.sandbox.print({
      ...{
        kind: 'trade',
        symbol: orderRequest().symbol,
        price: '38990',
        quantity: '0.02',
        side: null,
        at: house.now(),
      },
    })
    await house.until(() => house.lines.includes('the line fell silent'))
    await house.until(() => house.lines.at(-1) === 'up')
    expect(await found()).toMatchObject({ filled: '0.005', fills: [{ quantity: '0.005' }] })
  })
})

it('tells the trades of an order placed by hand with the asset its fee was paid in, so that balances add up', async () => {
  const totals = async (): Promise<Record<string, string>> => {
    const answer = await house.answered(house.exchange.balances())
    return Object.fromEntries(answer.kind === 'done' ? answer.value.map(({ asset, total }) => [asset, total]) : [])
  }
  const before = await totals()
  house.sandbox.venue.place(
    {
      ...{ clientOrderId: null, userref: null, symbol: BTC, side: 'sell', type: 'market', quantity: '0.02' },
      ...{ quantityInQuote: false, limitPrice: null, triggerPrice: null, trailing: null, limitOffset: null },
      ...{ displayQuantity: null, trigger: 'last', timeInForce: 'GTC', startsAt: null, expiresAt: null },
      ...{ postOnly: false, reduceOnly: false, leverage: 1, feeIn: 'base', selfTrade: 'cancel-newest' },
      ...{ close: null, deadlineAt: null },
    },
    { validate: false, origin: { via: 'rest', key: null, nonce: null } },
  )
  const answer = await house.answered(house.exchange.trades(0))
  const trades = answer.kind === 'done' ? answer.value : []
  expect(trades).toMatchObject([{ side: 'sell', clientOrderId: null, feeAsset: 'BTC' }])
  const after: Record<string, string> = { ...before }
  for (const move of trades.flatMap(movesOf))
    after[move.asset] = text(amount(after[move.asset] ?? 0).plus(amount(move.amount)))
  expect(await totals()).toEqual(after)
})
