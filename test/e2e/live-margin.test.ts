/** Real money's way on margin, without money: a live system trades a short against a sandbox, over the wire. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { RunningSystem } from '../../actors/start.ts'
import { loadConfig } from '../../config/load.ts'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { type Pair, pair } from '../../src/domain/ids.ts'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { text } from '../../src/domain/units.ts'
import type { Log } from '../../src/ports/log.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { liveEnvironment, writeConfig } from '../support/live-config.ts'
import { runHere } from './in-process.ts'

const XRP = pair('XRP/USDT')
const PRICES: [Pair, string][] = [
  [pair('BTC/USDT'), '50000'],
  [XRP, '1'],
]
const MINUTE = 60_000
const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }

/** A venue whose market stands still unless it is told a price. */
async function venue() {
  const clock = realClock()
  const random = seededRandom('live margin')
  const sandbox = await startSandbox({
    ...{ clock, random, ids: seededIds(random.stream('ids')), log: silent, feed: null, limits: false },
    balances: { USDT: '10000', BTC: '0.1', XRP: '500' },
  })
  const minute = Math.floor(clock.now() / MINUTE) * MINUTE
  for (const [symbol, price] of PRICES) {
    const still = { open: price, high: price, low: price, close: price, volume: '1', trades: 1 }
    sandbox.venue.market.seed(
      [2, 1].map((ago) => ({ symbol, timeframe: '1m', openAt: minute - ago * MINUTE, ...still }) as const),
    )
  }
  const prices = new Map(PRICES)
  const print = (symbol: Pair, price: string, quantity: string): void => {
    prices.set(symbol, price)
    sandbox.print({ kind: 'trade', symbol, price, quantity, side: null, at: clock.now() })
  }
  let timer = clock.at(clock.now(), repeat)
  function repeat(): void {
    for (const [symbol, price] of prices) print(symbol, price, '0.0001')
    timer = clock.at(clock.now() + 500, repeat)
  }
  onTestFinished(async () => {
    timer.cancel()
    await sandbox.stop()
  })
  return { clock, sandbox, print }
}

it('a short is opened, charged, protected and bought back, and every figure is the venue’s', {
  timeout: 180_000,
}, async () => {
  const { clock, sandbox, print } = await venue()
  const folder = mkdtempSync(join(tmpdir(), 'triplegain-live-margin-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const env = liveEnvironment(sandbox, 'postgres://nobody@localhost/none')
  const read = loadConfig({ dir: writeConfig(folder), env })
  const margin = { enabled: true }
  const config = { ...read, execution: { ...read.execution, margin }, risk: { ...read.risk, margin } }
  const built: RunningSystem[] = []
  const run = runHere(onTestFinished, {
    ...{ config, feed: 'kraken' },
    onSystem: (system) => void built.push(system),
  })
  const [lines] = await run.ready()
  expect(lines.join('\n')).toContain('MARGIN IS ON')
  const [system] = built
  if (system === undefined) throw new Error('no system')
  const { execution, figures, house } = system
  const until = async (isSo: () => boolean, what: string): Promise<void> => {
    const limit = clock.now() + 30_000
    while (!isSo()) {
      if (clock.now() > limit) throw new Error(`waited in vain for ${what}`)
      await new Promise<void>((resolve) => clock.at(clock.now() + 20, resolve))
    }
  }
  const phase = () => [...house.books.positions()].at(-1)?.phase
  const reconciled = async (): Promise<void> => {
    expect(await execution.syncWithExchange()).toMatchObject({ ok: true, unexplained: [] })
    const balances = sandbox.venue.balances()
    for (const { asset, total } of balances) expect([asset, house.books.totals()?.[asset]]).toEqual([asset, total])
    const statement = figures().ledger(balances)
    expect(statement && text(ledgerGap(statement))).toBe('0')
  }
  await until(() => system.desk.system().ready, 'a system that is ready')
  const answer = await execution.executeTrade({
    ...{ symbol: XRP, action: 'SELL', confidence: 0.9, entryPrice: '1', stopLoss: '1.02', takeProfit: '0.95' },
    ...{ sizePct: 10, leverage: 1, reasoning: 'by hand' },
  })
  expect(answer, answer.message).toMatchObject({ accepted: true })
  await until(() => sandbox.venue.openOrders().length > 0, 'an entry at the venue')
  print(XRP, '1.001', '1000000')
  await until(() => phase() === 'protected', 'a protected short')
  expect(sandbox.venue.positions()).toMatchObject([{ symbol: XRP, side: 'sell', leverage: 2 }])
  expect(sandbox.venue.openOrders()).toMatchObject([{ type: 'stop-loss', side: 'buy', leverage: 2, reduceOnly: true }])
  await reconciled()
  const [position] = [...house.books.positions()]
  expect(house.books.financingOf(position?.positionId as never)).not.toBe('0')
  print(XRP, '0.99', '1000000')
  await system.flatten()
  await until(() => phase() === 'closed', 'the end')
  await reconciled()
  expect(sandbox.venue.positions()).toEqual([])
  expect(sandbox.venue.openOrders()).toEqual([])
  await run.stop()
})
