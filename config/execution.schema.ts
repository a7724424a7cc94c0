/** `execution:` of execution.yaml: mode, feed, Kraken, orders, positions, paper account. */
import { z } from 'zod'
import { address, flag, integer, milliseconds, numeric, oneOf, seconds, secret, section, words } from './scalars.ts'

const kraken = section({
  api_key: secret().optional(),
  api_secret: secret().optional(),
  rest_url: address('https').default('https://api.kraken.com'),
  ws_url: address('wss').default('wss://ws.kraken.com/v2'),
  ws_auth_url: address('wss').default('wss://ws-auth.kraken.com/v2'),
  rate_limit: section({
    calls_per_minute: integer({ min: 1 }).default(60),
    call_burst: integer({ min: 1 }).default(10),
    order_calls_per_minute: integer({ min: 1 }).default(30),
    order_burst: integer({ min: 1 }).default(5),
    public_pace_ms: milliseconds({ min: 0 }).default(1_000),
    exit_reserve_pct: numeric({ min: 0, max: 90 }).default('20'),
    tier: oneOf(['starter', 'intermediate', 'pro']).default('starter'),
  }).prefault({}),
}).prefault({})

const orders = section({
  default_type: oneOf(['limit', 'market']).default('limit'),
  time_in_force: oneOf(['GTC', 'IOC', 'GTD']).default('GTC'),
  max_retry_count: integer({ min: 0, max: 10 }).default(3),
  retry_delay_seconds: seconds({ min: 0 }).default(5_000),
  entry_life_seconds: seconds().default(900_000),
  slippage_guard_pct: numeric({ above: 0, max: 10 }).default('0.5'),
  amend_min_change_pct: numeric({ min: 0 }).default('0.1'),
  amend_min_interval_seconds: seconds({ min: 0 }).default(5_000),
  max_history_size: integer({ min: 1 }).default(1_000),
}).prefault({})

const deadlines = section({
  acknowledgement: milliseconds().default(5_000),
  protection: milliseconds().default(10_000),
  cancel: milliseconds().default(5_000),
  late_fills: milliseconds().default(60_000),
  lookup_backoff_limit: milliseconds().default(30_000),
  database: milliseconds().default(5_000),
}).prefault({})

const paper = section({
  starting_balances: z
    .record(z.string(), numeric({ min: 0 }), { error: 'must be a map of assets to amounts' })
    .transform((given) =>
      Object.fromEntries(Object.entries(given).map(([code, total]) => [code.toUpperCase(), total] as const)),
    )
    .default({ USDT: '1000', XRP: '500' }),
  seed: words().default('triplegain'),
  latency_ms: milliseconds({ min: 0 }).default(150),
  participation_pct: numeric({ above: 0, max: 100 }).default('25'),
  half_spread_bps: numeric({ min: 0 }).default('2'),
  slippage_ticks: integer({ min: 0 }).default(1),
}).prefault({})

export const executionSchema = section({
  mode: oneOf(['paper', 'live']).default('paper'),
  feed: words()
    .refine((feed) => ['auto', 'kraken', 'simulated'].includes(feed) || /^replay:.+/.test(feed), {
      error: 'must be auto, kraken, simulated or replay:<file or folder>',
    })
    .default('auto'),
  exchange: section({ wire: flag().default(false) }).prefault({}),
  margin: section({ enabled: flag().default(false) }).prefault({}),
  kraken,
  orders,
  deadlines_ms: deadlines,
  fees: section({
    maker_pct: numeric({ min: 0, max: 10 }).default('0.4'),
    taker_pct: numeric({ min: 0, max: 10 }).default('0.8'),
  }).prefault({}),
  positions: section({
    sync_interval_seconds: seconds().default(30_000),
    snapshot_interval_seconds: seconds().default(60_000),
    max_open_positions: integer({ min: 1 }).optional(),
  }).prefault({}),
  position_limits: section({
    max_per_symbol: integer({ min: 1 }).default(2),
    max_total: integer({ min: 1 }).default(5),
  }).prefault({}),
  trailing_stop: section({
    enabled: flag().default(true),
    activation_pct: numeric({ min: 0, max: 100 }).default('1'),
    trail_distance_pct: numeric({ above: 0, max: 50 }).default('1.5'),
    update_interval_seconds: seconds().default(60_000),
  }).prefault({}),
  paper,
}).prefault({})
