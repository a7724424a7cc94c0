/** A trade from its signal to its end, as journal, venue and trader see it. */
import { describe, expect, it } from 'vitest'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { amount } from '../../src/domain/units.ts'
import { BTC, SECOND, World } from '../support/whole-system.ts'

/** Streams whose intent is on the disk. */
const intended = (world: World): ReadonlySet<string> =>
  new Set(world.disk.rows.filter(({ type }) => type === 'order.intended').map(({ stream }) => stream))

describe('a signal becomes a trade', () => {
  it('is ordered, filled, protected, stopped out and closed, each step told once and in order', async () => {
    const world = new World()
    await world.bootReady()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.order('stop')).toMatchObject({ status: 'OPEN', triggerPrice: '49000', quantity: '0.04' })
    world.print(BTC, '48990')
    await world.until(() => world.is('closed'), 'a closed position')

    const life = 'intended submitted opened filled'.split(' ').map((step) => `order.${step}`)
    const [entry, stop] = [world.order('entry'), world.order('stop')]
    for (const order of [entry, stop])
      expect(
        world.facts.flatMap(({ fact }) =>
          'order' in fact && fact.order.orderId === order?.orderId ? [fact.type] : [],
        ),
      ).toEqual(life)
    expect(world.told('position.')).toEqual(
      ['opening', 'filled', 'protected', 'stopHit', 'closed'].map((it) => `position.${it}`),
    )
    expect(world.position()).toMatchObject({ closeReason: 'stop_loss', entryPrice: '50000', quantity: '0' })
    expect(world.system.figures()).toMatchObject({ trades: 1, unprotectedSeconds: 0 })
  })

  it('pays what the venue says it paid: our books, the statement and the venue agree to the last digit', async () => {
    const world = new World()
    await world.bootReady()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    world.print(BTC, '48990')
    await world.until(() => world.is('closed'), 'a closed position')

    const balances = await world.venueBalances()
    expect(world.system.house.books.totals()).toEqual(Object.fromEntries(balances.map((one) => [one.asset, one.total])))
    const ledger = world.system.figures().ledger(balances)
    expect(ledger === null ? null : ledgerGap(ledger).toString()).toBe('0')
    const { realisedGross, fees } = world.position()
    expect(ledger?.tradingNet).toBe(amount(realisedGross).minus(amount(fees)).toString())
  })

  it('takes its profit by cancelling the stop first, so that never more is on sale than is held', async () => {
    const world = new World()
    await world.bootReady()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    world.exchange.onSend = ({ call, key }) => {
      if (call === 'place' && key?.includes('/exit/') === true) expect(world.order('stop')?.status).toBe('CANCELLED')
    }
    world.print(BTC, '52500')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('take_profit')
    expect(world.orders().map(({ request, status }) => `${request.purpose} ${status}`)).toEqual([
      'entry FILLED',
      'stop CANCELLED',
      'exit FILLED',
    ])
  })
})

describe('what leaves is on the disk first', () => {
  it('sends no order whose intent is not durable', async () => {
    const world = new World()
    await world.bootReady()
    const unwritten: string[] = []
    world.exchange.onSend = ({ call, clientOrderId }) => {
      if (call === 'place' && !intended(world).has(`order:${clientOrderId}`)) unwritten.push(clientOrderId)
    }
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.placements(/./)).toBe(2)
    expect(unwritten).toEqual([])
  })

  it('keeps still while the disk does, and goes on where it was when the disk is back', async () => {
    const world = new World()
    await world.bootReady()
    world.journal.hold()
    world.signal()
    await world.pass(3 * SECOND)
    expect(world.told('signal.accepted')).toEqual([])
    expect(world.placements(/./)).toBe(0)
    world.journal.release()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    expect(world.placements(/entry/)).toBe(1)
  })

  it('tells nobody of a fill, and places no stop for it, before the fill is written down', async () => {
    const world = new World()
    await world.bootReady()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.journal.hold()
    world.print(BTC, '49990')
    await world.pass(3 * SECOND)
    expect(world.told('order.filled')).toEqual([])
    expect(world.placements(/stop/)).toBe(0)
    world.journal.release()
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.system.figures().unprotectedSeconds).toBe(0)
  })
})
