/** A print at the paper venue while ten orders rest, beside a bare price cache and ten comparisons of floats. */
import { MatchingEngine } from '../src/adapters/exchange/simulated/engine.ts'
import { ENGINE_DEFAULTS } from '../src/adapters/exchange/simulated/engine-options.ts'
import { newOrderOf } from '../src/adapters/exchange/simulated/port-forms.ts'
import { BUILT_IN_INSTRUMENTS } from '../src/domain/instrument.ts'
import { amount, text } from '../src/domain/units.ts'
import type { Bench } from './measure.ts'
import { BTC, clientId, entry } from './orders.ts'

const PRINTS = 20_000
const RESTING = 10

export const exchangePrint: Bench = async () => {
  const engine = new MatchingEngine({
    ...{ instruments: BUILT_IN_INSTRUMENTS, parameters: ENGINE_DEFAULTS, series: 'BENCHBENCH' },
    startingBalances: { USDT: '1000000' },
  })
  const limits = Array.from({ length: RESTING }, (_, number) => text(amount(39_000).minus(number)))
  for (const [number, limitPrice] of limits.entries()) {
    const request = entry(number, limitPrice)
    engine.submit(newOrderOf({ clientOrderId: clientId(number), request, deadlineAt: 1 }), 0)
  }
  engine.advanceTo(1)
  if (engine.openOrders().length !== RESTING) throw new Error('the orders do not rest')
  const prices = Array.from({ length: 100 }, (_, number) => text(amount(40_000).plus(amount(number).div(10))))
  let at = 1
  const measured = (): void => {
    for (let print = 0; print < PRINTS; print += 1) {
      at += 1
      const price = prices[print % 100] ?? '40000'
      if (engine.onPrint({ symbol: BTC, price, quantity: '0.5', side: 'sell', at }).length > 0)
        throw new Error('nothing was to be filled')
    }
  }
  const resting = limits.map(Number)
  const last = new Map<string, number>()
  const bare = (): void => {
    for (let print = 0; print < PRINTS; print += 1) {
      const price = Number(prices[print % 100])
      last.set(BTC, price)
      if (resting.some((limit) => price <= limit)) throw new Error('nothing was to be filled')
    }
  }
  return {
    name: 'print at the venue, 10 rest',
    unit: 'print',
    baseline: 'ten floats',
    measured,
    bare,
    operations: PRINTS,
  }
}
