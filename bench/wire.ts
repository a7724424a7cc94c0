/**
 * From a trading signal to the order at a venue on loopback, live, with every step journaled on PostgreSQL on the way;
 * beside one commit and one round trip.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningSystem } from '../actors/start.ts'
import { loadConfig } from '../config/load.ts'
import { realIds } from '../src/adapters/chance/real.ts'
import { seededRandom } from '../src/adapters/chance/seeded.ts'
import { realClock } from '../src/adapters/clock/real.ts'
import { openDatabase } from '../src/adapters/persistence/database.ts'
import { runSystem } from '../src/assembly/run.ts'
import { pair } from '../src/domain/ids.ts'
import type { Log } from '../src/ports/log.ts'
import { startSandbox } from '../src/sandbox/server.ts'
import { liveEnvironment, writeConfig } from '../test/support/live-config.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { speak } from '../test/support/speak.ts'
import type { Bench } from './measure.ts'

const BTC = pair('BTC/USDT')
const MINUTE_MS = 60_000
const quiet: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
const COMMIT = `insert into leadership (account, holder, incarnation, epoch, expires_at, nonce_next)
values ('bench', 'bench', 'bench', 1, to_timestamp(0), 0)
on conflict (account) do update set epoch = leadership.epoch + 1`

export const signalToWire: Bench = async () => {
  const clock = realClock()
  const server = await startPostgres()
  const databaseUrl = await server.freshDatabase('wire')
  const database = await openDatabase({ databaseUrl, log: quiet, clock })
  const sandbox = await startSandbox({
    ...{ clock, random: seededRandom('wire'), ids: realIds(), log: quiet, feed: null, limits: false },
    balances: { USDT: '100000', BTC: '2' },
  })
  const bar = { symbol: BTC, timeframe: '1m', open: '50000', high: '50000', low: '50000', close: '50000' } as const
  sandbox.venue.market.seed([{ ...bar, volume: '1', openAt: Math.floor(clock.now() / MINUTE_MS - 1) * MINUTE_MS }])
  const folder = mkdtempSync(join(tmpdir(), 'triplegain-wire-'))
  const config = loadConfig({ dir: writeConfig(folder), env: liveEnvironment(sandbox, databaseUrl) })
  const built = Promise.withResolvers<RunningSystem>()
  const ready = Promise.withResolvers<void>()
  const stopping = Promise.withResolvers<(reason: string) => void>()
  const ended = runSystem({
    ...{ config, databaseUrl, feed: 'kraken', symbols: [BTC], seed: 'wire', dataDir: join(folder, 'data'), port: 0 },
    log: quiet,
    onReady: () => ready.resolve(),
    onSystem: (system) => built.resolve(system),
    onStopAsked: (stop) => {
      stopping.resolve(stop)
      return () => undefined
    },
  })
  await Promise.race([ready.promise, ended.then((code) => Promise.reject(new Error(`it ended with ${code}`)))])
  const { desk, house } = await built.promise
  const pause = (): Promise<void> => new Promise((done) => clock.at(clock.now() + 5, () => done()))
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await pause()
  }
  const print = (): void =>
    sandbox.print({ kind: 'trade', symbol: BTC, price: '50000', quantity: '0.00001', side: null, at: clock.now() })
  print()
  await until(() => desk.coordinator().mayOpenRisk)
  /** The order before is gone, and its slot with it. */
  const clear = async (): Promise<void> => {
    print()
    for (const { orderId } of desk.orders({ live: true }))
      house.addresses.tell(`order:${orderId}`, { type: 'cancel-order', reason: 'bench', seenAt: clock.now() })
    await until(() => desk.orders({ live: true }).length === 0 && desk.positions({ status: 'open' }).length === 0)
  }
  return {
    ...{ name: 'signal to wire, live', unit: 'order', baseline: 'commit + round trip', operations: 1, rounds: 15 },
    between: clear,
    measured: () =>
      new Promise((done) => {
        const stop = sandbox.venue.onEvent((event) => {
          if (event.kind !== 'opened') return
          stop()
          done()
        })
        speak(house, { symbol: BTC })
      }),
    bare: async () => {
      await database.sql.query(COMMIT)
      await (await fetch(`${sandbox.rest}/0/public/Time`)).text()
    },
    close: async () => {
      ;(await stopping.promise)('the bench is over')
      await ended
      await sandbox.stop()
      await database.close()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
