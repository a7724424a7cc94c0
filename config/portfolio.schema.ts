/** `portfolio:` of portfolio.yaml: targets, rebalancing, DCA, hodl bags. */
import { targetProblem } from '../src/domain/allocation.ts'
import { amount, sumOf } from '../src/domain/units.ts'
import { flag, hours, integer, numeric, oneOf, seconds, section } from './scalars.ts'

const targetAllocation = section({
  btc_pct: numeric({ min: 0, max: 100 }).default('33.33'),
  xrp_pct: numeric({ min: 0, max: 100 }).default('33.33'),
  usdt_pct: numeric({ min: 0, max: 100 }).default('33.34'),
})
  .superRefine(({ btcPct, xrpPct, usdtPct }, context) => {
    const message = targetProblem({ BTC: Number(btcPct), XRP: Number(xrpPct), USDT: Number(usdtPct) })
    if (message !== null) context.addIssue({ code: 'custom', message })
  })
  .prefault({})

/** The owner's 33.34/33.33/33.33. */
const hodlSplit = section({
  usdt_pct: numeric({ min: 0, max: 100 }).default('33.34'),
  xrp_pct: numeric({ min: 0, max: 100 }).default('33.33'),
  btc_pct: numeric({ min: 0, max: 100 }).default('33.33'),
})
  .superRefine(({ btcPct, xrpPct, usdtPct }, context) => {
    const sum = sumOf([btcPct, xrpPct, usdtPct].map((share) => amount(share)))
    if (sum.eq(100)) return
    context.addIssue({ code: 'custom', message: `sums to ${sum} and must sum to 100` })
  })
  .prefault({})

export const portfolioSchema = section({
  target_allocation: targetAllocation,
  rebalancing: section({
    threshold_pct: numeric({ above: 0, max: 100 }).default('5'),
    min_trade_usd: numeric({ min: 0 }).default('10'),
    execution_type: oneOf(['limit', 'market']).default('limit'),
    check_interval_seconds: seconds().optional(),
    min_interval_hours: hours({ min: 0 }).default(24 * 3_600_000),
    dca: section({
      enabled: flag().default(true),
      threshold_usd: numeric({ above: 0 }).default('500'),
      batches: integer({ min: 1, max: 100 }).default(6),
      interval_hours: hours().default(4 * 3_600_000),
    }).prefault({}),
  }).prefault({}),
  hodl_bags: section({
    enabled: flag().default(true),
    btc_amount: numeric({ min: 0 }).default('0'),
    xrp_amount: numeric({ min: 0 }).default('0'),
    usdt_amount: numeric({ min: 0 }).default('0'),
    allocation_pct: numeric({ min: 0, max: 100 }).default('10'),
    min_profit_usd: numeric({ min: 0 }).default('1'),
    split: hodlSplit,
    execute_at_usd: section({
      usdt: numeric({ above: 0 }).default('1'),
      xrp: numeric({ above: 0 }).default('25'),
      btc: numeric({ above: 0 }).default('15'),
    }).prefault({}),
    daily_cap_usd: numeric({ above: 0 }).default('1000'),
  }).prefault({}),
}).prefault({})
