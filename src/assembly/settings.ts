/** The configuration as the actors read it. */
import type { Settings, TaskSettings } from '../../actors/house.ts'
import type { Config } from '../../config/schema.ts'
import type { HodlRules } from '../domain/hodl.ts'
import { type Asset, asset, type Pair } from '../domain/ids.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { PacingRules } from '../domain/pacing.ts'
import { TASKS, type TaskName } from '../domain/tasks.ts'
import { amount, type Numeric, text } from '../domain/units.ts'
import { pairsToValue } from '../domain/valuation.ts'
import { TIER_LIMITS } from '../domain/venue-limits.ts'

/** A rate in per cent as a share: 0.4 is 0.004. */
export const share = (percent: Numeric | number): Numeric => text(amount(percent).div(100))

/** What has to be known of an account before its first order. */
export interface Account {
  /** Shares of the cost. */
  readonly fees: { readonly maker: Numeric; readonly taker: Numeric }
  /** What it holds: valued as long as the system runs. */
  readonly held: readonly Asset[]
}

export interface SettingsInput {
  readonly config: Config
  readonly mode: Settings['mode']
  readonly symbols: readonly Pair[]
  readonly instruments: readonly Instrument[]
  /** The account as the venue tells it; without one it is as configured for paper. */
  readonly account?: Account | null
}

/** A dead line may be this long before it counts as stale: the longest interval of the feed plus slack. */
const STALE_AFTER_MS = 90_000
const RECONCILE_RETRY_MS = 1_000
/** Kraken's advice: a minute, asked again every 15 to 30 s. */
const DEAD_MAN = { timeoutMs: 60_000, rearmMs: 20_000, askAgainMs: 1_000 }
const DRAIN_MS = 15_000
const DECISION_MS = 15_000
const POSITION_GRACE_MS = 3_000
const POSITION_RETRY_MS = 2_000
const EXIT_MS = 10_000
const FIRST_LOOK_UP_MS = 1_000
/** A replay's candles and snapshots are written in few large statements; live ones within seconds. */
const WRITE_MS = { live: 5_000, replay: 6 * 3_600_000 }
/** In process the venue cannot lose a message: a replay compares once an hour instead of every half minute. */
const REPLAY_RECONCILE_MS = 3_600_000
/** Every minute, looks would be a fifth of a replay's time. */
const REPLAY_SNAPSHOT_MS = 300_000

const paperAccount = ({ execution: { fees, paper } }: Config): Account => ({
  fees: { maker: share(fees.makerPct), taker: share(fees.takerPct) },
  held: Object.entries(paper.startingBalances).flatMap(([code, total]) =>
    amount(total).isZero() ? [] : [asset(code)],
  ),
})

/** The pairs whose prices are needed: those that are traded, and those that value what the account holds or should hold. */
function watchedPairs(
  { config: { portfolio }, symbols, instruments }: SettingsInput,
  held: readonly Asset[],
): readonly Pair[] {
  const listed = new Set(instruments.map(({ symbol }) => symbol))
  const { btcPct, xrpPct } = portfolio.targetAllocation
  const wanted = [
    ...held,
    ...(amount(btcPct).gt(0) ? [asset('BTC')] : []),
    ...(amount(xrpPct).gt(0) ? [asset('XRP')] : []),
  ]
  return [...new Set([...symbols, ...wanted.flatMap((of) => pairsToValue(of, listed) ?? [])])]
}

/** The owner's buckets and the venue's counters; the same for paper, so that it shows what live could do. */
function pacingOf({ kraken }: Config['execution']): PacingRules {
  const { callsPerMinute, callBurst, orderCallsPerMinute, orderBurst, exitReservePct, tier } = kraken.rateLimit
  return {
    calls: { perMinute: callsPerMinute, burst: callBurst },
    orders: { perMinute: orderCallsPerMinute, burst: orderBurst },
    reserve: Number(share(exitReservePct)),
    venue: TIER_LIMITS[tier],
  }
}

const hodlRulesOf = ({ split, executeAtUsd, ...rules }: Config['portfolio']['hodlBags']): HodlRules => ({
  enabled: rules.enabled,
  allocationPct: rules.allocationPct,
  minProfitUsd: rules.minProfitUsd,
  shares: [
    { asset: asset('USDT'), sharePct: split.usdtPct, executeAtUsd: executeAtUsd.usdt },
    { asset: asset('XRP'), sharePct: split.xrpPct, executeAtUsd: executeAtUsd.xrp },
    { asset: asset('BTC'), sharePct: split.btcPct, executeAtUsd: executeAtUsd.btc },
  ],
  dailyCapUsd: rules.dailyCapUsd,
})

export function settingsOf(input: SettingsInput): Settings {
  const { config, mode, symbols, instruments, account } = input
  const { execution, portfolio, risk } = config
  const { targetAllocation, rebalancing, hodlBags } = portfolio
  const task = (name: TaskName): TaskSettings => {
    const { enabled, intervalMs, timeoutMs, firstRunAfterMs, dependsOn, symbolsAtOnce } = config.schedules[name]
    return { enabled, intervalMs, timeoutMs, firstAfterMs: firstRunAfterMs, dependsOn, symbolsAtOnce }
  }
  const isReplay = mode === 'backtest'
  const snapshotMs = execution.positions.snapshotIntervalMs
  const writeMs = isReplay ? WRITE_MS.replay : WRITE_MS.live
  const { fees, held } = account ?? paperAccount(config)
  return {
    mode,
    symbols,
    watched: watchedPairs(input, held),
    instruments,
    limits: risk,
    signals: {
      consensus: config.coordinator.consensus,
      invokeLlmThreshold: config.coordinator.conflicts.invokeLlmThreshold,
      limits: risk,
    },
    degradation: config.coordinator.degradation,
    tasks: Object.fromEntries(TASKS.map((name) => [name, task(name)])) as Record<TaskName, TaskSettings>,
    tasksAtOnce: config.coordinator.maxTasksAtOnce,
    decisionMs: DECISION_MS,
    agents: {
      regimeChange: {
        detections: config.agents.regimeDetection.changeDetections,
        confidence: config.agents.regimeDetection.changeConfidence,
      },
      decision: config.agents.tradingDecision,
    },
    orderPolicy: {
      acknowledgeMs: execution.deadlinesMs.acknowledgement,
      cancelMs: execution.deadlinesMs.cancel,
      lateFillMs: execution.deadlinesMs.lateFills,
      lookUpFirstMs: FIRST_LOOK_UP_MS,
      lookUpMaxMs: execution.deadlinesMs.lookupBackoffLimit,
      amendMinChangePct: execution.orders.amendMinChangePct,
      amendMinIntervalMs: execution.orders.amendMinIntervalMs,
    },
    orderRetries: { count: execution.orders.maxRetryCount, firstMs: execution.orders.retryDelayMs },
    pacing: pacingOf(execution),
    historySize: execution.orders.maxHistorySize,
    positionPolicy: {
      protectMs: execution.deadlinesMs.protection,
      graceMs: POSITION_GRACE_MS,
      exitMs: EXIT_MS,
      retryMs: POSITION_RETRY_MS,
      trailing: execution.trailingStop.enabled
        ? { activationPct: execution.trailingStop.activationPct, distancePct: execution.trailingStop.trailDistancePct }
        : null,
      trailSweepMs: execution.trailingStop.updateIntervalMs,
      amendMinChangePct: execution.orders.amendMinChangePct,
      amendMinIntervalMs: execution.orders.amendMinIntervalMs,
    },
    portfolio: {
      targets: {
        BTC: Number(targetAllocation.btcPct),
        XRP: Number(targetAllocation.xrpPct),
        USDT: Number(targetAllocation.usdtPct),
      },
      rebalance: {
        thresholdPct: Number(rebalancing.thresholdPct),
        minTradeUsd: Number(rebalancing.minTradeUsd),
        feeRate: Number(fees.taker),
      },
      dca: {
        enabled: rebalancing.dca.enabled,
        thresholdUsd: Number(rebalancing.dca.thresholdUsd),
        batches: rebalancing.dca.batches,
        intervalMs: rebalancing.dca.intervalMs,
        minTradeUsd: Number(rebalancing.minTradeUsd),
      },
      minBetweenPlansMs: rebalancing.minIntervalMs,
      orderType: rebalancing.executionType,
      orderLifeMs: execution.orders.entryLifeMs,
      hodlRules: hodlRulesOf(hodlBags),
      hodl: hodlBags.enabled ? { BTC: hodlBags.btcAmount, XRP: hodlBags.xrpAmount, USDT: hodlBags.usdtAmount } : {},
    },
    fees,
    staleAfterMs: STALE_AFTER_MS,
    reconcileEveryMs: isReplay ? REPLAY_RECONCILE_MS : execution.positions.syncIntervalMs,
    reconcileRetryMs: RECONCILE_RETRY_MS,
    deadMan: mode === 'live' ? DEAD_MAN : null,
    candleWriteMs: writeMs,
    snapshots: { everyMs: isReplay ? Math.max(snapshotMs, REPLAY_SNAPSHOT_MS) : snapshotMs, writeMs },
    drainMs: DRAIN_MS,
  }
}
