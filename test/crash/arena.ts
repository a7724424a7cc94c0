/**
 * Where a live process is made to die and come back: a sandbox that outlives it, a database that does too, and a market
 * that repeats its prices.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realIds } from '../../src/adapters/chance/real.ts'
import { seededRandom } from '../../src/adapters/chance/seeded.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { type Database, openDatabase } from '../../src/adapters/persistence/database.ts'
import type { Sql } from '../../src/adapters/persistence/sql.ts'
import type { Candle } from '../../src/domain/candle.ts'
import { type Pair, pair } from '../../src/domain/ids.ts'
import type { Log } from '../../src/ports/log.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { type LiveChanges, liveEnvironment, writeConfig } from '../support/live-config.ts'
import type { PostgresServer } from '../support/postgres.ts'
import { type Death, Life, type Look } from './live-child.ts'

export const BTC = pair('BTC/USDT')
export const XRP = pair('XRP/USDT')
/** Two thirds of it in coins, so that the rebalancer has nothing to do until a story gives it something. */
export const BALANCES = { USDT: '100000', BTC: '2', XRP: '100000' } as const
const FIRST_PRICES: Readonly<Record<string, string>> = { [BTC]: '50000', [XRP]: '1' }
const MINUTE_MS = 60_000
const REPEAT_MS = 1_000
const LOOK_EVERY_MS = 25
/** A held rebalance asks again after a minute. */
const LOOK_MS = 120_000
const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
const clock = realClock()

export const now = (): number => clock.now()
export const wait = (ms: number): Promise<void> => new Promise((done) => clock.at(clock.now() + ms, () => done()))

/** Minutes in which nothing happened, so that a price is known before the first trade. */
function history(symbol: Pair, now: number): readonly Candle[] {
  const price = FIRST_PRICES[symbol] ?? '1'
  const at = Math.floor(now / MINUTE_MS) * MINUTE_MS
  const bar = { symbol, timeframe: '1m', open: price, high: price, low: price, close: price, volume: '1' } as const
  return Array.from({ length: 60 }, (_, index) => ({ ...bar, openAt: at - (60 - index) * MINUTE_MS }))
}

/** Something did not come about in time, with what the process said last. */
export class CameToNothing extends Error {
  override readonly name = 'CameToNothing'
}

/** What the process is configured to do: only what a story is about is within its reach. */
export const GROUNDS = {
  usual: {},
  margin: { margin: true },
  /** A profit is spent on all bags as soon as it is made. */
  bags: { hodl: { enabled: true, daily_cap_usd: 1_000_000 } },
  drawdown: { breakers: { drawdown_pct: 0.2 } },
  losses: { breakers: { daily_loss_pct: 0.1, weekly_loss_pct: 0.2, straight_losses: 1 } },
} as const satisfies Readonly<Record<string, LiveChanges>>
export type Ground = keyof typeof GROUNDS

export interface ArenaOptions {
  readonly onStep: (step: string) => void
  readonly ground: Ground
  /** Handed to every life beside what it needs to trade. */
  readonly env: Readonly<Record<string, string>>
}

export class Arena {
  readonly sandbox: Sandbox
  readonly sql: Sql
  readonly #database: Database
  readonly #env: Readonly<Record<string, string>>
  readonly #folder: string
  readonly #configDir: string
  readonly #onStep: (step: string) => void
  readonly #prices = new Map(Object.entries(FIRST_PRICES).map(([symbol, price]) => [pair(symbol), price]))
  #life: Life | null = null
  #folders = 1
  #isOpen = true

  private constructor(
    sandbox: Sandbox,
    database: Database,
    env: Readonly<Record<string, string>>,
    folder: string,
    { ground, onStep }: Pick<ArenaOptions, 'ground' | 'onStep'>,
  ) {
    this.sandbox = sandbox
    this.sql = database.sql
    this.#database = database
    this.#folder = folder
    this.#configDir = writeConfig(folder, GROUNDS[ground])
    this.#env = env
    this.#onStep = onStep
    this.#repeat()
  }

  static async open(
    server: PostgresServer,
    name: string,
    { ground = 'usual', onStep = () => undefined, env = {} }: Partial<ArenaOptions> = {},
  ): Promise<Arena> {
    const databaseUrl = await server.freshDatabase(name)
    const database = await openDatabase({ databaseUrl, log: silent, clock })
    const random = seededRandom(name)
    const sandbox = await startSandbox({
      ...{ clock, random, ids: realIds(), log: silent, feed: null, balances: BALANCES, limits: false },
      parameters: { makerFee: '0.0025', takerFee: '0.004' },
    })
    for (const symbol of [BTC, XRP]) sandbox.venue.market.seed(history(symbol, clock.now()))
    const folder = mkdtempSync(join(tmpdir(), 'triplegain-crash-'))
    return new Arena(sandbox, database, { ...liveEnvironment(sandbox, databaseUrl), ...env }, folder, {
      ground,
      onStep,
    })
  }

  get #dataDir(): string {
    return join(this.#folder, `data-${this.#folders}`)
  }

  get life(): Life {
    if (this.#life === null) throw new Error('nothing has been started')
    return this.#life
  }

  /**
   * A start of the process. The earlier one's lease need not run out: who starts this one has seen to that one. `beside`
   * gives it a folder of its own, for the earlier one still has its own open.
   */
  async start(death: Death | null = null, where: 'again' | 'beside' = 'again'): Promise<void> {
    if (where === 'beside') this.#folders += 1
    await this.sql.query(`update leadership set expires_at = to_timestamp(0)`)
    // Three deaths within ten minutes would start it HALTED.
    rmSync(join(this.#dataDir, 'runs.json'), { force: true })
    this.#life = new Life({
      ...{ configDir: this.#configDir, dataDir: this.#dataDir, env: this.#env, death },
      onStep: this.#onStep,
    })
  }

  /** One trade in the market; the price stays. */
  print(symbol: Pair, price: string, quantity = '1000'): void {
    this.#prices.set(symbol, price)
    this.sandbox.print({ kind: 'trade', symbol, price, quantity, side: null, at: clock.now() })
  }

  /**
   * Looks until it is so. False when the process dies before.
   * @throws CameToNothing after half a minute
   */
  async until(what: string, isSo: (look: Look) => boolean): Promise<boolean> {
    const limit = clock.now() + LOOK_MS
    let last: Look | null = null
    while (clock.now() < limit) {
      if (this.life.exit !== null) return false
      last = await this.life.look(wait)
      if (last !== null && isSo(last)) return true
      await wait(LOOK_EVERY_MS)
    }
    const seen = last === null ? 'it never answered' : told(last)
    throw new CameToNothing(`in vain for: ${what}\n${seen}\n${this.life.lines.join('\n')}`)
  }

  async close(): Promise<void> {
    this.#isOpen = false
    if (this.#life !== null) {
      this.#life.signal('SIGKILL')
      await this.#life.ended
    }
    await this.sandbox.stop()
    await this.#database.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #repeat(): void {
    if (!this.#isOpen) return
    for (const [symbol, price] of this.#prices) this.print(symbol, price, '0.00001')
    clock.at(clock.now() + REPEAT_MS, () => this.#repeat())
  }
}

/** A look in few lines. */
function told({ coordinator, orders, positions, system }: Look): string {
  const reasons = [coordinator.haltReason ?? '', ...coordinator.pauseReasons, ...system.notReadyBecause].join(', ')
  const trading = `${system.state}, ${coordinator.state} ${reasons}`
  return [
    trading,
    ...positions.slice(-3).map((one) => `position ${one.positionId} ${one.phase} ${one.quantity} stop ${one.stopLoss}`),
    ...orders.slice(-8).map(({ orderId, request, status, phase, filled, reason }) => {
      return `order ${orderId} ${request.key} ${status} ${phase} ${filled} of ${request.quantity} ${reason ?? ''}`
    }),
  ].join('\n')
}
