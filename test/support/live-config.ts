/** Live settings for a process under test: its own agents are silent, and nothing waits for longer than it must. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from '../../src/sandbox/server.ts'

/** What may differ from one process under test to another; names as in the files. */
export interface LiveChanges {
  /** Out of reach unless named. */
  readonly breakers?: Partial<typeof FAR>
  readonly margin?: boolean
  /** Of `hodl_bags`; nothing is set aside without it. */
  readonly hodl?: Readonly<Record<string, unknown>>
}

const executionOf = ({ margin = false }: LiveChanges): string => `execution:
  mode: live
  feed: kraken
  kraken:
    api_key: \${KRAKEN_API_KEY}
    api_secret: \${KRAKEN_API_SECRET}
    rest_url: \${KRAKEN_REST_URL}
    ws_url: \${KRAKEN_WS_URL}
    ws_auth_url: \${KRAKEN_WS_AUTH_URL}
    rate_limit: {tier: pro, public_pace_ms: 0, calls_per_minute: 6000, call_burst: 1000, order_calls_per_minute: 6000, order_burst: 1000}
  orders: {amend_min_interval_seconds: 0}
  deadlines_ms: {late_fills: 500}
  positions: {sync_interval_seconds: 5}
  margin: {enabled: ${margin}}
`
const FAR = { daily_loss_pct: 90, weekly_loss_pct: 90, drawdown_pct: 90, straight_losses: 1000 }
const riskOf = ({ breakers = {} }: LiveChanges): string => `risk:
  by_losses: {confidence_floor: [], size: [], leverage: [], cooldown_minutes: []}
  breakers: ${JSON.stringify({ ...FAR, ...breakers })}
  cooldown_minutes: {after_trade: 0, after_loss: 0, after_rebalance: 0}
  fast_move: {cooldown_minutes: 0}
  volatility_spike: {cooldown_minutes: 0}
`
const SILENT = ['ta_analysis', 'regime_detection', 'sentiment_analysis', 'trading_decision', 'portfolio_check']
const ORCHESTRATION = `coordinator:
  schedules:
${SILENT.map((task) => `    ${task}: {enabled: false}\n`).join('')}`
const portfolioOf = ({ hodl = { enabled: false } }: LiveChanges): string => `portfolio:
  hodl_bags: ${JSON.stringify(hodl)}
  rebalancing:
    dca: {threshold_usd: 500, batches: 2, interval_hours: 0.0005}
`

/** Writes the files into a fresh folder below `folder`; answers its path. */
export const writeConfig = (folder: string, changes: LiveChanges = {}): string =>
  writeFiles(folder, {
    ...{ execution: executionOf(changes), risk: riskOf(changes) },
    ...{ orchestration: ORCHESTRATION, portfolio: portfolioOf(changes) },
  })

/** Files by name, without their ending; answers their folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): string {
  const dir = join(folder, 'config')
  mkdirSync(dir, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, `${name}.yaml`), text)
  return dir
}

const KRAKEN = ['api_key', 'api_secret', 'rest_url', 'ws_url', 'ws_auth_url']
/** Live at the venue of the environment, and as configured for everybody otherwise. */
export const USUAL_EXECUTION = `execution:
  mode: live
  feed: kraken
  kraken:
${KRAKEN.map((key) => `    ${key}: \${KRAKEN_${key.toUpperCase()}}\n`).join('')}    rate_limit: {public_pace_ms: 0}
`

/** What a live process needs in its environment to trade against the sandbox. */
export const liveEnvironment = (
  sandbox: Pick<Sandbox, 'rest' | 'ws' | 'apiKey' | 'apiSecret'>,
  databaseUrl: string,
): Readonly<Record<string, string>> => ({
  DATABASE_URL: databaseUrl,
  TRIPLEGAIN_LIVE: 'yes-trade-real-money',
  KRAKEN_API_KEY: sandbox.apiKey,
  KRAKEN_API_SECRET: sandbox.apiSecret,
  KRAKEN_REST_URL: sandbox.rest,
  KRAKEN_WS_URL: sandbox.ws,
  KRAKEN_WS_AUTH_URL: sandbox.ws,
})
