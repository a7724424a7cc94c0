import { describe, expect, it } from 'vitest'
import type { Fact } from '../../src/domain/facts.ts'
import { asset, positionId } from '../../src/domain/ids.ts'
import { breakerTripped, candleClosed, draining, fact, orderOpened } from '../adapters/bus/facts.ts'
import { allocation, deskAndApi, NOW, order, position } from './test-desk.ts'

const valued = (): Fact => fact({ type: 'portfolio.valued', allocation: allocation() })

describe('read models', () => {
  it('prime themselves with the first read and ask no more until something happened', () => {
    const { desk, readModels } = deskAndApi()
    desk.ordersNow = [order('o1')]
    expect(readModels.orders.current()).toHaveLength(1)
    desk.ordersNow = []
    expect(readModels.orders.current()).toHaveLength(1)
    expect(desk.reads.orders).toBe(1)
  })

  it('follow facts', () => {
    const { bus, clock, desk, readModels } = deskAndApi()
    readModels.orders.current()
    desk.ordersNow = [order('o1')]
    bus.publish('orders', orderOpened())
    clock.advanceTo(NOW)
    expect(readModels.orders.current()).toEqual([order('o1')])
  })

  it('refresh at most ten times for a thousand facts within a second, and end on the last state', () => {
    const { bus, clock, desk, readModels } = deskAndApi()
    let heard = 0
    readModels.orders.subscribe(() => {
      heard += 1
    })
    for (let index = 0; index < 1_000; index += 1) {
      clock.advanceTo(NOW + index)
      desk.ordersNow = [order(`o${index}`)]
      bus.publish('orders', orderOpened())
    }
    expect(desk.reads.orders).toBe(10)
    expect(heard).toBe(10)
    clock.advanceTo(NOW + 1_100)
    expect(readModels.orders.current()).toEqual([order('o999')])
    expect(clock.nextDueAt()).toBeNull()
  })

  it('are never fed from ticks', () => {
    const { bus, clock, desk } = deskAndApi()
    for (let index = 0; index < 100; index += 1) bus.publish('market', candleClosed())
    expect(clock.nextDueAt()).toBeNull()
    expect(desk.reads).toEqual({ orders: 0, positions: 0, coordinator: 0, allocation: 0 })
  })

  it('tell a charge on margin with its position, without waiting for the next fact of that', () => {
    const { bus, clock, desk, readModels } = deskAndApi()
    desk.positionsNow = [position('p1')]
    readModels.positions.current()
    desk.positionsNow = [position('p1', { financing: '0.02' })]
    const flow = { flowId: 'L1', kind: 'financing', asset: asset('USDT'), amount: '-0.02', fee: '0', at: NOW } as const
    const charge = { positionId: positionId('p1'), usdRate: '1', valueUsd: '-0.02' }
    bus.publish('portfolio', fact({ type: 'account.financed', flow, ...charge }))
    clock.advanceTo(NOW + 100)
    expect(readModels.positions.current()).toMatchObject([{ financing: '0.02' }])
  })

  it('refresh only what a topic can have changed', () => {
    const { bus, clock, desk } = deskAndApi()
    bus.publish('portfolio', valued())
    clock.advanceTo(NOW + 100)
    expect(desk.reads).toEqual({ orders: 0, positions: 1, coordinator: 1, allocation: 1 })
    bus.publish('risk', breakerTripped())
    clock.advanceTo(NOW + 200)
    expect(desk.reads).toEqual({ orders: 1, positions: 2, coordinator: 2, allocation: 1 })
    bus.publish('system', draining())
    clock.advanceTo(NOW + 300)
    expect(desk.reads).toEqual({ orders: 1, positions: 2, coordinator: 3, allocation: 1 })
  })

  it('take everything for changed after a recovery', () => {
    const { bus, clock, desk } = deskAndApi()
    bus.publish('system', fact({ type: 'system.recovered', orders: 1, positions: 1, plans: 0, journalRows: 9 }))
    clock.advanceTo(NOW)
    expect(desk.reads).toEqual({ orders: 1, positions: 1, coordinator: 1, allocation: 1 })
  })

  it('leave no timer and no subscription once stopped', () => {
    const { bus, clock, desk, readModels } = deskAndApi()
    bus.publish('orders', orderOpened())
    expect(clock.nextDueAt()).not.toBeNull()
    readModels.stop()
    expect(clock.nextDueAt()).toBeNull()
    bus.publish('orders', orderOpened())
    expect(clock.nextDueAt()).toBeNull()
    expect(bus.statistics().subscribers).toEqual([])
    expect(desk.reads.orders).toBe(0)
  })

  it('keep a throwing listener from the bus, the clock and the other listeners', () => {
    const { bus, clock, log, readModels } = deskAndApi()
    let heard = 0
    readModels.orders.subscribe(() => {
      throw new Error('a page broke')
    })
    readModels.orders.subscribe(() => {
      heard += 1
    })
    bus.publish('orders', orderOpened())
    clock.advanceTo(NOW + 100)
    expect(heard).toBe(1)
    expect(bus.deadLetters()).toEqual([])
    expect(log.lines).toMatchObject([{ level: 'error', fields: { model: 'orders', problem: 'a page broke' } }])
  })

  it('log a desk that fails, refresh the others, and ask again at the next read', () => {
    const { bus, clock, desk, log, readModels } = deskAndApi()
    readModels.orders.current()
    desk.broken = new Error('restarting')
    bus.publish('orders', orderOpened())
    clock.advanceTo(NOW + 100)
    expect(bus.deadLetters()).toEqual([])
    expect(log.lines.map((line) => line.fields.model)).toEqual(['orders', 'positions', 'coordinator', 'allocation'])
    expect(() => readModels.orders.current()).toThrow('restarting')
    desk.broken = null
    desk.ordersNow = [order('o1')]
    expect(readModels.orders.current()).toHaveLength(1)
  })

  it('no longer tell a listener that has left', () => {
    const { bus, clock, readModels } = deskAndApi()
    let heard = 0
    const leave = readModels.orders.subscribe(() => {
      heard += 1
    })
    leave()
    bus.publish('orders', orderOpened())
    clock.advanceTo(NOW + 100)
    expect(heard).toBe(0)
  })
})
