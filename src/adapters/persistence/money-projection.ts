/**
 * Money as tables: what the facts of positions, rebalance plans, hodl bags and risk in the journal come to. Pure;
 * `money-tables.ts` writes it.
 */
import type { RiskRecord } from '../../domain/breakers.ts'
import type { FactBodies } from '../../domain/facts.ts'
import type { HodlBook } from '../../domain/hodl.ts'
import type { PlanView } from '../../domain/portfolio.ts'
import type { PositionView } from '../../domain/position.ts'
import { amount, type Numeric, text } from '../../domain/units.ts'
import type { Columns, ProjectedRow } from './projection.ts'
import { UPCASTERS, upcast } from './upcasters.ts'

type MoneyRows = {
  /** The last state of each in these rows, here and below; `pos` is the row that told it. */
  readonly positions: readonly Columns[]
  /** What the venue charged for positions on margin: one for each charge. */
  readonly charges: readonly Columns[]
  readonly plans: readonly Columns[]
  readonly planTrades: readonly Columns[]
  /** One for each executed trade. */
  readonly rebalances: readonly Columns[]
  readonly bags: readonly Columns[]
  /** Every bag after every fact of the ledger: what changed is found where the state before is known. */
  readonly bagChanges: readonly Columns[]
  readonly risk: readonly Columns[]
  /** One for each time that it changed. */
  readonly riskChanges: readonly Columns[]
}

/** Of the journal's types, those that are projected here. */
export const isMoney = ({ kind, type }: Pick<ProjectedRow, 'kind' | 'type'>): boolean =>
  kind === 'fact' && /^(position|rebalance|hodl)\.|^(account\.financed|risk\.stateChanged)$/.test(type)

/** What facts of money carry, each of them some of it. */
interface Told {
  readonly position?: PositionView
  readonly plan?: PlanView
  readonly hodl?: HodlBook
  readonly risk?: RiskRecord
}

const positionOf = (pos: number, view: PositionView): Columns => {
  const { positionId, symbol, side, status, phase, leverage, quantity, entryPrice, exitPrice, stopLoss } = view
  const { takeProfit, trailing, realisedGross, fees, closeReason, openedAt, updatedAt, closedAt } = view
  return {
    ...{ pos, position_id: positionId, symbol, side, status, phase, leverage, quantity, entry_price: entryPrice },
    ...{
      exit_price: exitPrice,
      stop_loss: stopLoss,
      take_profit: takeProfit,
      trailing_stop: trailing,
      realised_gross: realisedGross,
    },
    ...{ fees, view, close_reason: closeReason },
    ...{ opened_at: openedAt, updated_at: updatedAt, closed_at: closedAt },
  }
}

function chargeOf(pos: number, { flow, positionId, valueUsd }: FactBodies['account.financed']): Columns {
  const cost = (value: Numeric): Numeric => text(amount(value).negated())
  return {
    ...{ pos, flow_id: flow.flowId, position_id: positionId, asset: flow.asset },
    ...{ amount: cost(flow.amount), value_usd: cost(valueUsd) },
  }
}

const planOf = (pos: number, plan: PlanView): Columns => ({
  ...{ pos, plan_id: plan.planId, status: plan.status, execution_strategy: plan.executionStrategy },
  ...{ used_fallback_strategy: plan.usedFallbackStrategy, reasoning: plan.reasoning, batch: plan.batch, plan },
  ...{ planned_at: plan.plannedAt, updated_at: plan.updatedAt },
})

const planTradesOf = (pos: number, { planId, trades, updatedAt }: PlanView): readonly Columns[] =>
  trades.map(({ batch, symbol, side, key, quantity, valueUsd, filled, status, orderId, dueAt }) => ({
    ...{ pos, plan_id: planId, batch, symbol, side, key, quantity, value_usd: valueUsd, filled, status },
    ...{ order_id: orderId, due_at: dueAt, updated_at: updatedAt },
  }))

function rebalanceOf(pos: number, body: FactBodies['rebalance.tradeExecuted']): Columns {
  const { planId, symbol, side, batch, quantity, cost, fees, orderId, plan } = body
  return {
    ...{ pos, plan_id: planId, symbol, side, batch, quantity, cost, fees, order_id: orderId ?? null },
    execution_strategy: plan?.executionStrategy ?? null,
    used_fallback_strategy: plan?.usedFallbackStrategy ?? null,
  }
}

const bagsOf = (pos: number, { bags, highUsd }: HodlBook, at: number): readonly Columns[] =>
  bags.map(({ asset, quantity, pendingUsd, spentUsd }) => ({
    ...{ pos, asset, quantity, pending_usd: pendingUsd, spent_usd: spentUsd, high_usd: highUsd, updated_at: at },
  }))

/** What was bought stands with its bag, what was set aside with the trade that made the high; how much that is is the difference to the row before. */
function bagChangesOf(pos: number, { type }: ProjectedRow, body: ProjectedRow['body'], { bags }: HodlBook): Columns[] {
  const bought = type === 'hodl.bought' ? (body as unknown as FactBodies['hodl.bought']) : null
  const accrued = type === 'hodl.accrued' ? (body as unknown as FactBodies['hodl.accrued']) : null
  return bags.map(({ asset, pendingUsd }) => {
    const own = bought?.asset === asset ? bought : null
    return {
      ...{ pos, asset, pending_usd: pendingUsd, kind: own === null ? 'accrued' : 'bought' },
      ...{ quantity: own?.quantity ?? '0', value_usd: own?.valueUsd ?? null, fees: own?.fees ?? '0' },
      ...{ order_id: own?.orderId ?? null, position_id: accrued?.positionId ?? null },
    }
  })
}

const riskOf = (pos: number, record: RiskRecord, at: number): Columns => ({
  ...{ pos, day_started_at: record.day?.beganAt ?? null, day_opening_equity: record.day?.openingEquityUsd ?? null },
  ...{ day_trading_net: record.day?.tradingNet ?? null, week_started_at: record.week?.beganAt ?? null },
  ...{ week_opening_equity: record.week?.openingEquityUsd ?? null, week_trading_net: record.week?.tradingNet ?? null },
  ...{ peak_equity: record.peakEquityUsd, peak_trading_net: record.peakTradingNet },
  ...{ consecutive_losses: record.lossStreak, cooldowns: record.cooldownUntil, breakers: record.breakers },
  ...{ record, updated_at: at },
})

/**
 * The tables' rows that these rows of one journal come to, whatever their versions, in order of `pos`. Plans of older code,
 * which did not say what had become of them, are left out; their executed trades are not.
 * @throws NewerEventError
 */
export function projectMoney(rows: Iterable<ProjectedRow>): MoneyRows {
  const positions = new Map<string, Columns>()
  const plans = new Map<string, { readonly pos: number; readonly plan: PlanView }>()
  const bags = new Map<string, Columns>()
  /** By flow: what is told twice is charged once. */
  const charges = new Map<string, Columns>()
  const rebalances: Columns[] = []
  const bagChanges: Columns[] = []
  const riskChanges: Columns[] = []
  let risk: Columns | null = null
  for (const row of rows) {
    if (!isMoney(row)) continue
    const { pos, type, at } = row
    const body = upcast(type, row.version, row.body, UPCASTERS)
    const told = body as Told
    if (told.position !== undefined) positions.set(told.position.positionId, positionOf(pos, told.position))
    if (told.plan !== undefined) plans.set(told.plan.planId, { pos, plan: told.plan })
    if (type === 'account.financed') {
      const charge = chargeOf(pos, body as unknown as FactBodies['account.financed'])
      const flowId = String(charge.flow_id)
      charges.set(flowId, charges.get(flowId) ?? charge)
    }
    if (type === 'rebalance.tradeExecuted')
      rebalances.push(rebalanceOf(pos, body as unknown as FactBodies['rebalance.tradeExecuted']))
    if (told.hodl !== undefined) {
      for (const bag of bagsOf(pos, told.hodl, at)) bags.set(String(bag.asset), bag)
      bagChanges.push(...bagChangesOf(pos, row, body, told.hodl))
    }
    if (told.risk !== undefined) {
      risk = riskOf(pos, told.risk, at)
      riskChanges.push({ pos, record: told.risk })
    }
  }
  return {
    positions: [...positions.values()],
    charges: [...charges.values()],
    plans: [...plans.values()].map(({ pos, plan }) => planOf(pos, plan)),
    planTrades: [...plans.values()].flatMap(({ pos, plan }) => planTradesOf(pos, plan)),
    ...{ rebalances, bags: [...bags.values()], bagChanges, risk: risk === null ? [] : [risk], riskChanges },
  }
}
