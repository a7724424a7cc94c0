/**
 * Comparing our picture with the venue's: asks, lets the orders hear what they missed, books what others did to the
 * account, and halts the symbols of what cannot be explained.
 */
import type { Flow } from '../src/domain/account-history.ts'
import { countFills } from '../src/domain/fills.ts'
import { baseOf, type Pair, quoteOf } from '../src/domain/ids.ts'
import type { Fill, OrderView } from '../src/domain/order.ts'
import type { Balance } from '../src/domain/portfolio.ts'
import type { Reconciliation } from '../src/domain/reconcile.ts'
import type { Problem } from '../src/domain/reconcile-account.ts'
import { amount } from '../src/domain/units.ts'
import { freshPrices, type Marks, type PriceOf, usdRate } from '../src/domain/valuation.ts'
import type { ExecutionReport } from '../src/ports/exchange.ts'
import { ACCEPTED } from './account-books.ts'
import { orderAddress } from './addresses.ts'
import { bookFinancing } from './financing.ts'
import type { House } from './house.ts'
import { bookTaking } from './liquidation.ts'
import type { Permission } from './permission.ts'
import { record } from './record.ts'
import { externalFact, flowFact, flowFacts } from './venue-facts.ts'
import { NotNowError, type PictureMemory, VenuePicture } from './venue-picture.ts'

export type ReconciliationResult =
  | {
      readonly ok: true
      /** Orders that stand as we believe. */
      readonly matched: number
      readonly missedFills: number
      /** Orders that are not ours and were not known. */
      readonly adopted: number
      readonly unexplained: readonly string[]
    }
  | { readonly ok: false; readonly problem: string }

export interface Reconciler {
  /** One comparison. Asked for while one runs, another follows it: what runs may have asked the venue too early. */
  pass(): Promise<ReconciliationResult>
  /** The same, answered within that time whatever the venue does; the pass goes on. */
  sync(withinMs: number): Promise<ReconciliationResult>
  /** A report of an order that nobody answers for any more. */
  stray(report: ExecutionReport): void
  /** An admin has looked: what differs in these symbols' balances is booked as it is, once. */
  accept(symbols: readonly Pair[]): void
  /** The process is done: that a comparison on its way is answered no more is no failure. */
  stop(): void
  readonly isBusy: boolean
}

interface Memory extends PictureMemory {
  isStopped: boolean
  /** Problems that the last pass saw: the same once more is no race between two answers. */
  seen: ReadonlySet<string>
  /** Charges that the last pass could give to no position. */
  unowned: ReadonlySet<string>
  /** Whether one of them was new. */
  isSuspicious: boolean
  readonly accepting: Set<Pair>
}

export interface ReconcilerParts {
  readonly marks: () => Marks
  readonly permission: Pick<Permission, 'isReconciling' | 'haltedSymbols'>
}

export function createReconciler(house: House, parts: ReconcilerParts): Reconciler {
  const { addresses, books, clock, settings } = house
  const memory: Memory = {
    ...{
      isStopped: false,
      explainedAt: null,
      strangers: new Set(),
      seen: new Set(),
      unowned: new Set(),
      isSuspicious: false,
      accepting: new Set(),
    },
  }
  let running: Promise<ReconciliationResult> | null = null
  let next: Promise<ReconciliationResult> | null = null
  const doubt = (reason: string): void => {
    addresses.tell('system', { type: 'picture.doubted', reason, stopTrading: false, seenAt: clock.now() })
  }
  const begin = (): Promise<ReconciliationResult> => {
    next = null
    running = reconcileOnce(house, memory, parts).finally(() => {
      running = null
    })
    return running
  }
  const pass: Reconciler['pass'] = () => {
    if (running === null) return begin()
    next ??= running.then(begin, begin)
    return next
  }
  return {
    pass: () =>
      pass().then((result) => {
        // What was seen for the first time is looked at again at once, not in half a minute.
        if (memory.isSuspicious) clock.at(clock.now() + settings.reconcileRetryMs, () => doubt('a second look'))
        return result
      }),
    sync: (withinMs) =>
      new Promise((resolve) => {
        const problem = `the exchange did not answer within ${withinMs} ms`
        const timer = clock.at(clock.now() + withinMs, () => resolve({ ok: false, problem }))
        void pass().then((result) => {
          timer.cancel()
          resolve(result)
        })
      }),
    stray: (report) => {
      const order = books.order(report.clientOrderId)
      if (report.kind === 'filled' && order?.phase === 'done') countLateFill(house, order, report.fill, 'live')
      else if (order === null || order.phase === 'done') doubt('a report of an order that has left')
    },
    accept: (symbols) => {
      for (const symbol of symbols) memory.accepting.add(symbol)
      doubt('an admin has looked')
    },
    stop: () => {
      memory.isStopped = true
    },
    get isBusy() {
      return running !== null || next !== null
    },
  }
}

/** One pass. Never throws for a venue that does not answer: that is a reason to try again. */
async function reconcileOnce(house: House, memory: Memory, parts: ReconcilerParts): Promise<ReconciliationResult> {
  try {
    const picture = new VenuePicture(house, memory)
    await picture.ask()
    const priceOf = freshPrices(parts.marks(), house.clock.now(), house.settings.limits.markMaxAgeMs)
    if (house.books.ledger() === null) openAccount(house, picture, parts.marks(), priceOf)
    const result = await picture.complete()
    return conclude(house, memory, { result, flows: picture.freshFlows(), askedAt: picture.askedAt }, priceOf, parts)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    // A bug, or an answer that nobody can read: trading does not begin on it, and exits must not end with it.
    if (!(error instanceof NotNowError)) house.log.error('the comparison with the venue broke off', { error })
    if (!memory.isStopped) house.state('system', { type: 'reconciliation.failed', problem })
    return { ok: false, problem }
  }
}

interface Findings {
  readonly result: Reconciliation
  readonly flows: readonly Flow[]
  readonly askedAt: number
}

/** Everything is valued before anything is written down: half a pass would be a wrong one. */
function book(house: House, memory: Memory, { result, flows }: Findings, priceOf: PriceOf): void {
  const booked = [
    ...flowFacts(house, memory, flows, result.judgedBalances, priceOf),
    ...result.externals.map((step) => externalFact(house, step, priceOf)),
  ]
  for (const draft of booked)
    if (draft.type === 'account.financed') bookFinancing(house, draft)
    else record(house, 'book-venue', draft, draft.type === 'account.flowed' ? 'portfolio' : 'orders')
  for (const { order, fill } of result.lateFills) countLateFill(house, order, fill, 'reconciled')
  if (!hasMissedBefore(result)) for (const trade of result.takings) bookTaking(house, trade)
}

/**
 * Whether orders have yet to hear of fills of a pair of which something was closed without us: whose that was is told by
 * what positions hold then, so that another look books it.
 */
const hasMissedBefore = ({ missedFills, takings }: Reconciliation): boolean =>
  takings.some((taking) => missedFills.some(({ symbol }) => symbol === taking.symbol))

function conclude(
  house: House,
  memory: Memory,
  findings: Findings,
  priceOf: PriceOf,
  { permission }: ReconcilerParts,
): ReconciliationResult {
  const { addresses, clock, state } = house
  const { result, askedAt } = findings
  book(house, memory, findings, priceOf)
  const seenAt = clock.now()
  for (const { orderId, order } of result.found)
    addresses.tell(orderAddress(orderId), { type: 'venue.found', order, origin: 'reconciled', seenAt })
  for (const orderId of result.notFound)
    addresses.tell(orderAddress(orderId), { type: 'venue.notFound', origin: 'reconciled', seenAt })

  const proved = result.problems.filter((problem) => memory.seen.has(keyOf(problem)))
  const isEarly = hasMissedBefore(result)
  memory.isSuspicious = isEarly || proved.length < result.problems.length
  const unexplained = proved.filter((problem) => !accepted(house, memory, problem, priceOf))
  const isSettled = (problem: Problem): boolean => proved.includes(problem) && !unexplained.includes(problem)
  memory.seen = new Set(result.problems.filter((problem) => !isSettled(problem)).map(keyOf))
  const ofBalances = result.problems.some(({ kind }) => kind === 'balance')
  const isBooked = !isEarly && memory.unowned.size === 0
  if (result.judgedBalances && !ofBalances && isBooked) memory.explainedAt = askedAt
  if (result.judgedBalances && !memory.isSuspicious) memory.accepting.clear()
  withdrawAstray(house, result, unexplained)
  haltSymbols(house, unexplained, permission)

  const problems = result.problems.map(({ problem }) => problem)
  const adopted = result.externals.filter(({ kind }) => kind === 'found').length
  const missedFills = result.missedFills.length + result.lateFills.length
  const matched = result.matched.length
  state('system', { type: 'reconciliation.completed', matched, missedFills, adopted, unexplained: problems })
  if (memory.isSuspicious) {
    const why = isEarly ? 'fills were missed' : problems.join('; ')
    return { ok: false, problem: `looking again: ${why}` }
  }
  if (permission.isReconciling() && !result.judgedBalances) return { ok: false, problem: 'orders are on their way' }
  return { ok: true, matched, missedFills, adopted, unexplained: unexplained.map(({ problem }) => problem) }
}

/** The same difference is the same problem, whatever was traded in between. */
const keyOf = (problem: Problem): string =>
  problem.kind === 'balance' ? `balance ${problem.subject} ${problem.difference}` : `${problem.kind} ${problem.problem}`

/** Where a problem forbids new risk: its order's symbol, or every traded symbol of its asset. */
function symbolsOf({ settings }: House, problem: Problem): readonly Pair[] {
  if ('symbol' in problem) return [problem.symbol]
  const traded = [...new Set([...settings.symbols, ...settings.watched])]
  return traded.filter((symbol) => [baseOf(symbol), quoteOf(symbol)].includes(problem.subject))
}

/** A symbol is halted once: what stays unexplained is not news every half minute. */
function haltSymbols(
  house: House,
  unexplained: readonly Problem[],
  permission: Pick<Permission, 'haltedSymbols'>,
): void {
  const { addresses, clock, log } = house
  for (const problem of unexplained) {
    const concerned = symbolsOf(house, problem)
    const symbols = concerned.filter((symbol) => !(symbol in permission.haltedSymbols()))
    const reason = `unexplained at the venue: ${problem.problem}`
    if (concerned.length === 0) log.error('nothing that is traded hangs on what cannot be explained', { reason })
    else if (symbols.length > 0)
      addresses.tell('coordinator', {
        type: 'halt-symbols',
        symbols,
        reason,
        by: 'reconciliation',
        seenAt: clock.now(),
      })
  }
}

/** Orders of ours that ended here and stand there: nobody looks after them, so they go. */
function withdrawAstray({ exchange, log }: House, { astray }: Reconciliation, unexplained: readonly Problem[]): void {
  for (const orderId of astray) {
    if (!unexplained.some(({ kind, subject }) => kind === 'order' && subject === orderId)) continue
    log.error('an order that ended here stands at the venue: it is cancelled', { orderId })
    void exchange.cancel(orderId)
  }
}

/** Books a difference that an admin's reset accepted; false where none did. */
function accepted(house: House, { accepting }: Memory, problem: Problem, priceOf: PriceOf): boolean {
  if (problem.kind !== 'balance' || !symbolsOf(house, problem).some((symbol) => accepting.has(symbol))) return false
  const { subject, difference } = problem
  const at = house.clock.now()
  const flow: Flow = {
    ...{ flowId: `${ACCEPTED}${subject} ${at}`, kind: 'other', asset: subject, amount: difference, fee: '0', at },
  }
  record(house, 'accept-difference', flowFact(flow, priceOf))
  return true
}

/**
 * A fill of an order whose actor has left. Where the position that asked for it lives, it is the position's; else the
 * coins are the core book's, for nobody else holds them.
 */
function countLateFill(house: House, given: OrderView, fill: Fill, origin: 'live' | 'reconciled'): void {
  const { books } = house
  const known = books.order(given.orderId) ?? given
  if (known.fills.some(({ tradeId }) => tradeId === fill.tradeId)) return
  const { positionId, book } = known.request
  const isHeld = positionId !== null && books.position(positionId)?.status === 'open'
  const order = { ...known, ...countFills(known, [fill]), updatedAt: house.clock.now() }
  const draft = { type: 'order.filledLate', order, fill, book: isHeld ? book : 'core', at: fill.at, origin } as const
  record(house, 'count-late-fill', draft, 'orders')
}

/** The first moment of an account, written down before anything can change it. @throws NotNowError while unpriced. */
function openAccount(house: House, picture: VenuePicture, marks: Marks, priceOf: PriceOf): void {
  const isUnpriced = (balance: Balance): boolean =>
    !amount(balance.total).isZero() && usdRate(balance.asset, priceOf) === null
  const unpriced = picture.balances.filter(isUnpriced)
  if (unpriced.length > 0)
    throw new NotNowError(`waiting for a price of ${unpriced.map(({ asset }) => asset).join(', ')}`)
  const prices = Object.fromEntries(Object.entries(marks).map(([symbol, mark]) => [symbol, mark.price]))
  const knownFlows = picture.freshFlows().map(({ flowId }) => flowId)
  record(house, 'open-account', { type: 'account.opened', balances: picture.balances, marks: prices, knownFlows })
}
