/** A line to the paper venue that misbehaves on demand: it loses answers and reports, and refuses in the venue's name. */
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import type {
  AmendRequest,
  Exchange,
  ExecutionReport,
  PlaceRequest,
  VenueAnswer,
  VenueErrorClass,
} from '../../src/ports/exchange.ts'

type Refusal = { readonly code: VenueErrorClass; readonly message: string }

/** One request that left for the venue. */
export interface Sent {
  readonly call: 'place' | 'amend' | 'cancel' | 'lookUp' | 'cancelAllAfter'
  /** Of a dead-man switch: its time, milliseconds. */
  readonly clientOrderId: string
  /** The request's key, of a placement. */
  readonly key: string | null
  readonly at: number
}

export interface Faults {
  /** Placements that never reach the engine, and nobody is told. */
  losesRequest: (order: PlaceRequest) => boolean
  /** Placements that reach the engine and whose answer does not come back. */
  losesAnswer: (order: PlaceRequest) => boolean
  /** Placements that the venue refuses. */
  refuses: (order: PlaceRequest) => Refusal | null
  /** What becomes of an amendment on its way, or of the answer to it. */
  amends: (change: AmendRequest) => 'refused' | 'request lost' | 'answer lost' | 'taken in an outage' | null
  /** Reports that do not come through. */
  losesReport: (report: ExecutionReport) => boolean
  /** Charges for positions on margin that are not told as they come: the venue's history has them. */
  losesCharges: boolean
  /** Orders that cannot be looked up now. */
  failsLookUp: (clientOrderId: string) => boolean
  /** The answer to the question for balances, as it arrives. */
  bendsBalances: Exchange['balances'] | null
  /** The answer to a setting of the dead-man switch, and whether it reaches the venue. */
  bendsSwitch: Exchange['cancelAllAfter'] | null
}

export interface FaultyExchange extends Exchange {
  readonly faults: Faults
  /** Everything sent, over all lives of the process. */
  readonly sent: readonly Sent[]
  /** Called for each request before it leaves. */
  onSend: (sent: Sent) => void
}

const NO_FAULTS: Faults = {
  losesRequest: () => false,
  losesAnswer: () => false,
  refuses: () => null,
  amends: () => null,
  losesReport: () => false,
  losesCharges: false,
  failsLookUp: () => false,
  bendsBalances: null,
  bendsSwitch: null,
}

export function faultyExchange(venue: SimulatedExchange, now: () => number): FaultyExchange {
  const sent: Sent[] = []
  const faults: Faults = { ...NO_FAULTS }
  const note = (call: Sent['call'], clientOrderId: string, key: string | null = null): void => {
    const one = { call, clientOrderId, key, at: now() }
    sent.push(one)
    exchange.onSend(one)
  }
  const exchange: FaultyExchange = {
    name: venue.name,
    callsAtOnce: venue.callsAtOnce,
    faults,
    sent,
    onSend: () => undefined,
    instruments: () => venue.instruments(),
    place: (order) => {
      note('place', order.clientOrderId, order.request.key)
      const refusal = faults.refuses(order)
      if (refusal !== null) return Promise.resolve({ kind: 'refused', ...refusal })
      const lost: VenueAnswer<never> = { kind: 'lost', problem: 'the line broke' }
      if (faults.losesRequest(order)) return Promise.resolve(lost)
      const answer = venue.place(order)
      return faults.losesAnswer(order) ? answer.then(() => lost) : answer
    },
    validate: (order) => venue.validate(order),
    amend: (change) => {
      note('amend', change.clientOrderId)
      const fault = faults.amends(change)
      if (fault === 'refused')
        return Promise.resolve({ kind: 'refused', code: 'validation', message: 'EOrder:Invalid price' })
      const lost: VenueAnswer<never> = { kind: 'lost', problem: 'the line broke' }
      if (fault === 'request lost') return Promise.resolve(lost)
      const answer = venue.amend(change)
      if (fault === 'taken in an outage')
        return answer.then(() => ({ kind: 'refused', code: 'outage', message: 'EService:Unavailable' }))
      return fault === 'answer lost' ? answer.then(() => lost) : answer
    },
    cancel: (clientOrderId) => {
      note('cancel', clientOrderId)
      return venue.cancel(clientOrderId)
    },
    lookUp: (clientOrderId, isGlance) => {
      note('lookUp', clientOrderId)
      if (faults.failsLookUp(clientOrderId))
        return Promise.resolve({ kind: 'refused', code: 'outage', message: 'EService:Unavailable' })
      return venue.lookUp(clientOrderId, isGlance)
    },
    openOrders: () => venue.openOrders(),
    balances: () => (faults.bendsBalances ?? venue.balances.bind(venue))(),
    fees: (symbols) => venue.fees(symbols),
    flows: (since) => venue.flows(since),
    trades: (since) => venue.trades(since),
    marginPositions: () => venue.marginPositions(),
    permissions: () => venue.permissions(),
    cancelAllAfter: (timeoutMs) => {
      note('cancelAllAfter', String(timeoutMs))
      return (faults.bendsSwitch ?? venue.cancelAllAfter.bind(venue))(timeoutMs)
    },
    onReport: (listener) => venue.onReport((report) => (faults.losesReport(report) ? undefined : listener(report))),
    onCharge: (listener) => venue.onCharge?.((charge) => (faults.losesCharges ? undefined : listener(charge))),
    onLine: (listener) => venue.onLine(listener),
    start: () => venue.start(),
    stop: () => venue.stop(),
  }
  return exchange
}
