/** The account at Kraken: balances, its own fees, what moved them beside trades, and what the key may do. */

import type { Flow, OpenOnMargin } from '../../../domain/account-history.ts'
import { type Asset, type Pair, tradeId } from '../../../domain/ids.ts'
import type { Balance } from '../../../domain/portfolio.ts'
import { amount, type Numeric, text } from '../../../domain/units.ts'
import type { AccountFees, KeyPermissions, VenueAnswer } from '../../../ports/exchange.ts'
import { fieldsOf, numberOf, textOf, UnreadableError, type Wire } from '../../kraken/exact-json.ts'
import type { KrakenNames } from '../../kraken/names.ts'
import { reading, refused } from './answer.ts'
import type { Form, PrivateCalls } from './call.ts'
import type { HistoryPages } from './history-pages.ts'
import { FINANCING, fieldsIn, isOfTrades, readTable, secondsOf, sideOf } from './rows.ts'

const ask = (calls: PrivateCalls, method: string, form: Form = {}): Promise<VenueAnswer<Wire>> =>
  calls.ask({ method, rank: 'read', form })

/** Credit that is used up is no balance of ours; what open orders hold is told beside the total. */
export async function readBalances(calls: PrivateCalls, names: KrakenNames): Promise<VenueAnswer<readonly Balance[]>> {
  return reading(await ask(calls, 'BalanceEx'), (result) =>
    readTable(result, 'BalanceEx', (id, value) => {
      const row = fieldsIn(value, `balance of ${id}`)
      return {
        asset: names.assetOf(id),
        total: text(textOf(row.balance, 'balance')),
        held: text(textOf(row.hold_trade ?? '0', 'hold_trade')),
      }
    }),
  )
}

/** `"0.4000"` per cent is a share of 0.004. */
const share = (row: Wire | undefined): Numeric => text(amount(textOf(fieldsIn(row, 'fee').fee, 'fee')).div(100))

export async function readFees(
  calls: PrivateCalls,
  names: KrakenNames,
  symbols: readonly Pair[],
): Promise<VenueAnswer<ReadonlyMap<Pair, AccountFees>>> {
  const listed = symbols.flatMap((symbol) => names.restName(symbol) ?? [])
  if (listed.length === 0) return { kind: 'done', value: new Map() }
  return reading(await ask(calls, 'TradeVolume', { pair: listed.join(',') }), (result) => {
    const { fees, fees_maker: makerFees } = fieldsIn(result, 'TradeVolume')
    const makers = fieldsOf(makerFees) ?? {}
    const found = new Map<Pair, AccountFees>()
    for (const [name, row] of Object.entries(fieldsIn(fees, 'fees'))) {
      const symbol = names.pairOf(name)
      if (symbol === null) continue
      const taker = share(row)
      // Pairs without a maker's rate charge both sides alike.
      const maker = makers[name] === undefined ? taker : share(makers[name])
      found.set(symbol, { maker, taker })
    }
    return found
  })
}

function readFlow(id: string, value: Wire, names: KrakenNames): Flow | null {
  const row = fieldsIn(value, `ledger entry ${id}`)
  const type = textOf(row.type, 'type')
  if (isOfTrades(type)) return null
  const fee = text(textOf(row.fee ?? '0', 'fee'))
  return {
    flowId: id,
    kind: type === 'deposit' || type === 'withdrawal' ? type : type === FINANCING ? 'financing' : 'other',
    ...(type === FINANCING ? { tradeId: tradeId(textOf(row.refid, 'refid')) } : {}),
    asset: names.assetOf(textOf(row.asset, 'asset')),
    amount: text(amount(textOf(row.amount, 'amount')).minus(fee)),
    fee,
    at: secondsOf(row.time, 'time'),
  }
}

/** Entries later than `since` that are no trades, oldest first. */
export async function readFlows(
  ledger: HistoryPages<Wire>,
  names: KrakenNames,
  since: number,
): Promise<VenueAnswer<readonly Flow[]>> {
  const answer = await ledger.since(since)
  if (answer.kind === 'done') ledger.forget()
  return reading(answer, (rows) =>
    [...rows]
      .flatMap(([id, row]) => readFlow(id, row, names) ?? [])
      .filter((flow) => flow.at > since)
      .sort((a, b) => a.at - b.at),
  )
}

/** What is open on margin by pair and side: a row for each trade that opened it, less what of it is closed again. */
export async function readMarginPositions(
  calls: PrivateCalls,
  names: KrakenNames,
): Promise<VenueAnswer<readonly OpenOnMargin[]>> {
  return reading(await ask(calls, 'OpenPositions'), (result) => {
    const open = new Map<string, OpenOnMargin>()
    for (const [id, value] of Object.entries(fieldsIn(result, 'OpenPositions'))) {
      const row = fieldsIn(value, `position ${id}`)
      const symbol = names.pairOf(textOf(row.pair, 'pair'))
      if (symbol === null) throw new UnreadableError(`position ${id} is of a pair that is not listed`)
      const side = sideOf(row.type) === 'buy' ? 'long' : 'short'
      const left = amount(textOf(row.vol, 'vol')).minus(textOf(row.vol_closed ?? '0', 'vol_closed'))
      const before = open.get(`${symbol} ${side}`)?.quantity ?? '0'
      open.set(`${symbol} ${side}`, { symbol, side, quantity: text(left.plus(before)) })
    }
    return [...open.values()].filter(({ quantity }) => quantity !== '0')
  })
}

/** What a trade cost, in the asset that it was taken from. */
export interface PaidFee {
  readonly asset: Asset
  readonly fee: Numeric
}

/** The fees of trades since a moment, by trade id: a trade's own row tells them in quote units, whatever they were paid in. */
export async function readPaidFees(
  fees: HistoryPages<Wire>,
  names: KrakenNames,
  since: number,
): Promise<VenueAnswer<ReadonlyMap<string, PaidFee>>> {
  const answer = await fees.since(since)
  if (answer.kind === 'done') fees.forget()
  return reading(answer, (rows) => {
    const paid = new Map<string, PaidFee>()
    for (const [id, value] of rows) {
      const row = fieldsIn(value, `ledger entry ${id}`)
      const fee = text(textOf(row.fee ?? '0', 'fee'))
      if (textOf(row.type, 'type') !== 'trade' || fee === '0') continue
      paid.set(textOf(row.refid, 'refid'), { asset: names.assetOf(textOf(row.asset, 'asset')), fee })
    }
    return paid
  })
}

const DENIED = 'EGeneral:Permission denied'

/**
 * Whether a key may call a method at all: permissions are looked at before arguments. Both methods are asked for without
 * what they would need to do anything.
 */
async function probe(calls: PrivateCalls, method: string, form: Form): Promise<VenueAnswer<boolean>> {
  const answer = await ask(calls, method, form)
  if (answer.kind === 'done') return { kind: 'done', value: true }
  if (answer.kind === 'lost') return answer
  if (answer.message.startsWith(DENIED)) return { kind: 'done', value: false }
  return answer.code === 'validation' || answer.code === 'funds' ? { kind: 'done', value: true } : answer
}

/** What the key may do, by GetApiKeyInfo; where the venue does not know that method, by probes. */
export async function readPermissions(calls: PrivateCalls): Promise<VenueAnswer<KeyPermissions>> {
  const info = await ask(calls, 'GetApiKeyInfo')
  if (info.kind === 'lost' || (info.kind === 'refused' && info.code !== 'validation')) return info
  if (info.kind === 'done') return reading(info, permissionsOf)
  const withdraws = await probe(calls, 'WithdrawMethods', { asset: 'XBT' })
  if (withdraws.kind !== 'done') return withdraws
  const trades = await probe(calls, 'AddOrder', { validate: 'true' })
  if (trades.kind !== 'done') return trades
  return { kind: 'done', value: { mayTrade: trades.value, mayWithdraw: withdraws.value, nonceWindowMs: null } }
}

function permissionsOf(result: Wire): KeyPermissions {
  const info = fieldsIn(result, 'GetApiKeyInfo')
  if (!Array.isArray(info.permissions)) throw new UnreadableError('permissions is not a list')
  const granted = info.permissions.map((permission) => String(permission).replaceAll('_', '-'))
  const window = info.nonceWindow ?? info.nonce_window ?? null
  return {
    mayTrade: granted.some((permission) => /^(modify|create|add)-.*(trades|orders)$/.test(permission)),
    mayWithdraw: granted.some((permission) => permission.startsWith('withdraw')),
    nonceWindowMs: window === null ? null : numberOf(window, 'nonceWindow'),
  }
}

/** The dead-man switch, in whole seconds; 0 disarms. */
export async function cancelAllAfter(calls: PrivateCalls, timeoutMs: number): Promise<VenueAnswer<null>> {
  if (timeoutMs < 0) return refused('validation', 'EGeneral:Invalid arguments:timeout')
  const form = { timeout: String(Math.ceil(timeoutMs / 1000)) }
  const answer = await calls.ask({ method: 'CancelAllOrdersAfter', rank: 'order', form })
  return answer.kind === 'done' ? { kind: 'done', value: null } : answer
}
