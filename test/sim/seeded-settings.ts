/** The rules that a seed trades by: the configuration as it is shipped, bent so that much happens within days. */
import { resolve } from 'node:path'
import type { Settings } from '../../actors/house.ts'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { settingsOf } from '../../src/assembly/settings.ts'
import type { HodlRules } from '../../src/domain/hodl.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import type { RandomSource } from '../../src/ports/clock.ts'
import { chance, pick } from './draw.ts'
import { SYMBOLS } from './market.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const SHIPPED = loadConfig({ dir: resolve(import.meta.dirname, '../../config'), env: {} })

/** As shipped, with trading on margin or without: read by the venue, and by the risk engine. */
export const configOf = (isMarginOn: boolean): Config => ({
  ...SHIPPED,
  execution: { ...SHIPPED.execution, margin: { enabled: isMarginOn } },
  risk: { ...SHIPPED.risk, margin: { enabled: isMarginOn } },
})

/** So far away that trading goes on whatever is lost, or so near that a bad hour trips them. */
const FAR_BREAKERS = { dailyLossPct: 50, weeklyLossPct: 60, drawdownPct: 70, straightLosses: 50 }
const NEAR_BREAKERS = { dailyLossPct: 0.25, weeklyLossPct: 0.5, drawdownPct: 0.8, straightLosses: 3 }

/** As shipped; all of one coin to be sold, so that only its bag is left; and close to what is there, so that plans are many. */
const CORES = [
  null,
  { targets: { BTC: 0, XRP: 50, USDT: 50 }, thresholdPct: 0.2 },
  { targets: { BTC: 50, XRP: 0, USDT: 50 }, thresholdPct: 0.2 },
  { targets: { BTC: 25, XRP: 25, USDT: 50 }, thresholdPct: 1 },
]

/** Half of the seeds set much aside of little, and spend it as soon as the venue takes the order. */
function hodlRulesFor(random: RandomSource, shipped: HodlRules): HodlRules {
  const isEager = chance(random, 0.5)
  if (!isEager) return shipped
  const shares = shipped.shares.map((share) => ({ ...share, executeAtUsd: '6' }))
  return { ...shipped, allocationPct: '50', minProfitUsd: '0.05', shares }
}

/** A week's loss alone: half of what is held is sold, and the day goes on. */
const NEAR_WEEK = { ...FAR_BREAKERS, weeklyLossPct: 0.3 }

/** Each seed trades by other rules: entries at a limit or at market, plans at once or in batches, short cooldowns. */
export function settingsFor(random: RandomSource, config: Config): Settings {
  const base = settingsOf({ config, mode: 'paper', symbols: SYMBOLS, instruments: BUILT_IN_INSTRUMENTS })
  const tasks = Object.fromEntries(
    Object.entries(base.tasks).map(([name, task]) => [name, { ...task, enabled: false }]),
  ) as Settings['tasks']
  const { limits, portfolio } = base
  const core = pick(random, CORES)
  return {
    ...base,
    tasks,
    // Half of the seeds keep the venue's dead-man switch, as live does.
    deadMan: pick(random, [null, { timeoutMs: 60_000, rearmMs: 20_000, askAgainMs: 1_000 }]),
    limits: {
      ...limits,
      entry: { ...limits.entry, type: pick(random, ['limit', 'limit', 'market'] as const) },
      cooldownMinutes: { ...limits.cooldownMinutes, afterTrade: 0, afterLoss: 1, byLosses: [], afterRebalance: 0 },
      // The seeds' market jumps all day long: rests after its moves would leave nothing to walk.
      volatilitySpike: { ...limits.volatilitySpike, cooldownMinutes: 0 },
      fastMove: { ...limits.fastMove, cooldownMinutes: 0 },
      breakers: pick(random, [FAR_BREAKERS, FAR_BREAKERS, NEAR_BREAKERS, NEAR_WEEK]),
      maxOpenRiskPct: 50,
      floorByLosses: [],
      sizeByLosses: [],
    },
    portfolio: {
      ...portfolio,
      orderType: pick(random, ['limit', 'market'] as const),
      targets: core?.targets ?? portfolio.targets,
      rebalance: { ...portfolio.rebalance, thresholdPct: core?.thresholdPct ?? portfolio.rebalance.thresholdPct },
      hodlRules: hodlRulesFor(random, portfolio.hodlRules),
      minBetweenPlansMs: 2 * HOUR,
      dca: {
        ...portfolio.dca,
        thresholdUsd: pick(random, [200, 500, 5_000]),
        intervalMs: pick(random, [10, 40]) * MINUTE,
      },
    },
  }
}
