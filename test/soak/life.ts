/** The places of one run: a sandbox in a process of its own, a database, a folder, and the real process that trades there. */
import { realClock } from '../../src/adapters/clock/real.ts'
import type { LedgerRow, TradeRow } from '../../src/adapters/exchange/simulated/venue-events.ts'
import type { OrderRow } from '../../src/adapters/exchange/simulated/venue-order.ts'
import { type Database, openDatabase } from '../../src/adapters/persistence/database.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import type { Numeric } from '../../src/domain/units.ts'
import type { Log } from '../../src/ports/log.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { bench, get, type RunningProcess } from '../e2e/process.ts'
import { liveEnvironment, USUAL_EXECUTION, writeFiles } from '../support/live-config.ts'
import type { PostgresServer } from '../support/postgres.ts'
import type { Plan } from './draw.ts'

export const FIRST_BALANCES = { BTC: '1', USDT: '50000', XRP: '1000' } as const

/** The venue's own books. */
export interface VenueState {
  readonly orders: { readonly open: readonly OrderRow[]; readonly closed: readonly OrderRow[] }
  readonly trades: readonly TradeRow[]
  readonly ledger: readonly LedgerRow[]
  readonly balances: readonly Balance[]
  readonly last: Readonly<Record<string, Numeric | null>>
}
export type Place = Awaited<ReturnType<typeof openPlace>>

const clock = realClock()
const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }

/** Decides every other second, so that some seconds hold what are hours otherwise; nothing rests between trades. */
const ORCHESTRATION = `coordinator:
  schedules:
    ta_analysis: {interval_seconds: 2}
    regime_detection: {interval_seconds: 2}
    trading_decision: {interval_seconds: 2}
    portfolio_check: {first_run_after_seconds: 1}
  consensus: {least_confidence: 0.01}
`
const RISK = `risk:
  cooldown_minutes: {after_trade: 0, after_loss: 0, after_rebalance: 0}
  fast_move: {cooldown_minutes: 0}
  volatility_spike: {cooldown_minutes: 0}
`
const executionOf = ({ tier, margin }: Plan): string =>
  `${USUAL_EXECUTION.replace('public_pace_ms: 0', `public_pace_ms: 0, tier: ${tier}`)}  margin: {enabled: ${margin}}\n`

/** Everything of one run; `close` ends and removes it. */
export async function openPlace(server: PostgresServer, name: string, plan: Plan) {
  const { triplegain, run, folder, cleanUp } = bench()
  const balances = Object.entries(FIRST_BALANCES).map((entry) => entry.join('='))
  const venue = triplegain([
    'sandbox',
    '--json',
    '--seed',
    plan.marketSeed,
    '--tier',
    plan.tier,
    '--balances',
    balances.join(),
  ])
  let database: Database | null = null
  const close = async (): Promise<void> => {
    cleanUp()
    await database?.close()
  }
  try {
    const sandbox = (await venue.ready()) as unknown as Pick<Sandbox, 'rest' | 'ws' | 'apiKey' | 'apiSecret' | 'admin'>
    const databaseUrl = await server.freshDatabase(name)
    database = await openDatabase({ databaseUrl, log: silent, clock })
    const { sql } = database
    const dataDir = folder()
    const config = writeFiles(folder(), { execution: executionOf(plan), orchestration: ORCHESTRATION, risk: RISK })
    const env = liveEnvironment(sandbox, databaseUrl)
    const lives: RunningProcess[] = []
    /** A start on the same folder; the lease of one that was killed need not run out. */
    const spawn = async (): Promise<RunningProcess> => {
      await sql.query('update leadership set expires_at = to_timestamp(0)')
      const life = triplegain(['run', '--port', '0', '--config', config, '--json', '--data-dir', dataDir], env)
      lives.push(life)
      return life
    }
    return {
      ...{ sandbox, sql, lives, close, secrets: [sandbox.apiKey, sandbox.apiSecret, new URL(databaseUrl).password] },
      spawn,
      /** Once it is ready. */
      async start(): Promise<RunningProcess> {
        const life = await spawn()
        await life.ready()
        return life
      },
      /** What a person asks by way of the folder. */
      ask: (what: string) => run([what, '--data-dir', dataDir, ...(what === 'flatten' ? ['--yes'] : [])]),
      state: async () => (await get(sandbox.admin, '/state')).body as VenueState,
      /** Something of the sandbox's admin. */
      async admin(method: 'POST' | 'DELETE', path: string, body: unknown = {}): Promise<void> {
        const response = await fetch(`${sandbox.admin}${path}`, { method, body: JSON.stringify(body) })
        if (!response.ok) throw new Error(`the sandbox refuses ${method} ${path}: ${await response.text()}`)
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
