/**
 * The gateway to the venue: the only caller of the exchange port that changes orders. Answers and reports go back to the
 * order they belong to, by its name; an order that restarts in between asks for what it missed.
 */
import type { Approved } from '../src/domain/approved.ts'
import { forbidding } from '../src/domain/breakers.ts'
import type { OrderId, VenueOrderId } from '../src/domain/ids.ts'
import type { OrderRequest } from '../src/domain/order.ts'
import { addsRisk } from '../src/domain/order-birth.ts'
import type { Report, VenueOrder } from '../src/domain/reports.ts'
import type { Numeric } from '../src/domain/units.ts'
import type { ExecutionReport, VenueAnswer } from '../src/ports/exchange.ts'
import { type OrderAddress, orderAddress } from './addresses.ts'
import type { Financing } from './financing.ts'
import type { House } from './house.ts'
import type { ExchangeMessage } from './messages.ts'
import type { Refused } from './pacing.ts'
import type { Permission } from './permission.ts'
import type { Reconciler } from './reconciliation.ts'
import { serving } from './supervision/serving.ts'

export interface Submission {
  readonly orderId: OrderId
  readonly request: Approved<OrderRequest>
  /** The venue must refuse it after this moment, milliseconds UTC. */
  readonly deadlineAt: number
}

export type MayAdd = Pick<Permission, 'mayOpenRisk' | 'control' | 'isReconciling'>

export interface ExchangeGateway {
  /** Leaves when its turn has come, if risk may still be added by it then. */
  submit(actor: OrderAddress, order: Submission): void
  amend(
    actor: OrderAddress,
    change: {
      readonly orderId: OrderId
      readonly quantity?: Numeric
      readonly limitPrice?: Numeric
      readonly triggerPrice?: Numeric
    },
  ): void
  cancel(actor: OrderAddress, orderId: OrderId): void
  lookUp(actor: OrderAddress, question: { readonly orderId: OrderId; readonly isGlance: boolean }): void
  /** Calls that wait for the venue. */
  readonly inFlight: number
}

type Draft = Report extends infer R ? (R extends Report ? Omit<R, 'seenAt'> : never) : never

const filledOf = ({ filled }: { readonly filled?: Numeric }) => (filled === undefined ? {} : { filled })

/** What a report of the venue is to the order it names. */
function heardOf(report: ExecutionReport): Draft {
  switch (report.kind) {
    case 'opened':
      return { type: 'venue.opened', venueOrderId: report.venueOrderId }
    case 'filled':
      return { type: 'venue.filled', venueOrderId: report.venueOrderId, fill: report.fill }
    case 'cancelled':
      return { type: 'venue.cancelled', reason: report.reason, ...filledOf(report) }
    case 'expired':
      return { type: 'venue.expired', ...filledOf(report) }
    case 'amended':
      return {
        type: 'venue.amended',
        quantity: report.quantity,
        limitPrice: report.limitPrice,
        triggerPrice: report.triggerPrice,
      }
  }
}

type Failed = Exclude<VenueAnswer<never>, { kind: 'done' }>

/** Nobody knows what became of it: a venue that is out of service may have done what it was asked for all the same. */
const isOutage = (given: VenueAnswer<unknown>): boolean =>
  given.kind === 'lost' || (given.kind === 'refused' && given.code === 'outage')

const problemOf = (given: Failed): string => (given.kind === 'lost' ? given.problem : given.message)

const lost = (given: Failed): Draft => ({ type: 'venue.answerLost', problem: problemOf(given) })

/** Why what adds risk may not leave any more, asked when its turn has come; null when it may. */
function riskProblem({ books, journal }: House, permission: MayAdd, { orderId, request }: Submission): Refused | null {
  if (!addsRisk(request)) return null
  const refused = (code: Refused['code'], message: string): Refused => ({ kind: 'refused', code, message })
  const { state } = journal.health()
  if (state !== 'durable') return refused('outage', `the database is ${state}: nothing that adds risk is sent`)
  const isCore = request.book === 'core'
  if (
    isCore ? permission.control() !== 'RUNNING' || permission.isReconciling() : !permission.mayOpenRisk(request.symbol)
  )
    return refused('mode', 'risk may not be opened now')
  // A weekly loss pauses nothing: what was approved before it and is not in the books yet, no cancellation reaches.
  if (!isCore && forbidding(books.risk().breakers).length > 0)
    return refused('mode', 'a circuit breaker forbids new risk')
  const isUnknown = books
    .liveOrders()
    .some((order) => order.phase === 'unknown' && order.request.symbol === request.symbol && order.orderId !== orderId)
  return isUnknown ? refused('mode', `an order on ${request.symbol} has no known state`) : null
}

export function createExchangeGateway(house: House, permission: MayAdd): ExchangeGateway {
  const { exchange, addresses, clock } = house
  let inFlight = 0
  const tell = (actor: OrderAddress, draft: Draft): void => {
    addresses.tell(actor, { ...draft, seenAt: clock.now() } as Report)
  }
  /** Every call ends in exactly one report, also one that broke its promise never to throw. */
  const call = <T>(
    actor: OrderAddress,
    work: Promise<VenueAnswer<T>>,
    answer: (given: VenueAnswer<T>) => Draft | null,
    hasLeft: () => boolean = () => true,
  ): void => {
    inFlight += 1
    const deliver = (given: VenueAnswer<T>): void => {
      inFlight -= 1
      // What was refused before it left says nothing of the venue.
      if (hasLeft()) addresses.tell('exchange', { type: 'call.ended', ok: !isOutage(given) })
      const draft = answer(given)
      if (draft !== null) tell(actor, draft)
    }
    work.then(deliver, (error: unknown) => deliver({ kind: 'lost', problem: String(error) }))
  }
  return {
    submit: (actor, order) => {
      const { orderId, request, deadlineAt } = order
      let hasLeft = false
      const onSent = (): void => {
        hasLeft = true
        tell(actor, { type: 'venue.sent' })
      }
      const leaving = { onSent, forbidden: () => riskProblem(house, permission, order) }
      const answer = (given: VenueAnswer<{ readonly venueOrderId: VenueOrderId }>): Draft => {
        if (given.kind === 'done') return { type: 'venue.acknowledged', venueOrderId: given.value.venueOrderId }
        // What has not left, nobody has.
        return given.kind === 'lost' || (isOutage(given) && hasLeft)
          ? lost(given)
          : { type: 'venue.refused', code: given.code, message: given.message }
      }
      call(actor, exchange.place({ clientOrderId: orderId, request, deadlineAt }, leaving), answer, () => hasLeft)
    },
    amend: (actor, { orderId, ...change }) => {
      call(actor, exchange.amend({ clientOrderId: orderId, ...change }), (given) => {
        if (given.kind === 'done') return { type: 'venue.amendAccepted', ...change }
        return given.kind === 'lost' || isOutage(given)
          ? lost(given)
          : { type: 'venue.amendRefused', code: given.code, message: given.message }
      })
    },
    cancel: (actor, orderId) => {
      call(actor, exchange.cancel(orderId), (given) => {
        if (given.kind === 'done') return null
        return given.kind === 'lost'
          ? lost(given)
          : { type: 'venue.cancelRefused', code: given.code, message: given.message }
      })
    },
    lookUp: (actor, { orderId, isGlance }) => {
      call<VenueOrder | null>(actor, exchange.lookUp(orderId, isGlance), (given) => {
        if (given.kind !== 'done') return { type: 'venue.lookupFailed', problem: problemOf(given) }
        const origin = 'reconciled'
        if (given.value === null) return { type: 'venue.notFound', origin }
        return { type: 'venue.found', order: given.value, origin }
      })
    },
    get inFlight() {
      return inFlight
    },
  }
}

/** The venue ended a way out on margin that nobody asked it to end: it does so before it liquidates. */
function isTakenBack({ books }: House, report: ExecutionReport): boolean {
  const order = report.kind === 'cancelled' ? books.order(report.clientOrderId) : null
  if (order === null) return false
  return order.request.reduceOnly && order.phase !== 'cancelling'
}

/** Hears the venue's own reports and its line; passes each on by name, and to the reconciler where nobody bears it. */
export function exchangeLogic(house: House, reconciler: Pick<Reconciler, 'stray'>, financing: Pick<Financing, 'hear'>) {
  const { addresses, clock } = house
  const doubt = (reason: string, stopTrading: boolean): void => {
    addresses.tell('system', { type: 'picture.doubted', reason, stopTrading, seenAt: clock.now() })
  }
  return serving<ExchangeMessage>((message) => {
    switch (message.type) {
      case 'venue.reported': {
        const report = { ...heardOf(message.report), seenAt: clock.now() } as Report
        const wasTakenBack = isTakenBack(house, message.report)
        const isHeard = addresses.tell(orderAddress(message.report.clientOrderId), report)
        if (!isHeard) reconciler.stray(message.report)
        if (wasTakenBack) doubt('the venue took back a way out on margin', false)
        return
      }
      case 'venue.charged':
        return financing.hear(message.flow)
      case 'call.ended':
        addresses.tell('signals', { type: 'source.answered', cause: 'exchange', ok: message.ok })
        return
      case 'line.changed':
        doubt(
          message.up
            ? 'the exchange line came back'
            : `the exchange line is down: ${message.reason ?? 'no reason given'}`,
          true,
        )
    }
  })
}
