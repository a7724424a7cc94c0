/** The two private subscriptions of one line: acknowledged, counted, and asked for anew where a frame is missing. */
import { PRIVATE_CHANNELS, type PrivateChannel } from './private-frames.ts'

interface Subscription {
  /** Waits for the venue's word; frames that still come are of the subscription before. */
  isAwaited: boolean
  /** Of the last frame in order; null before the first. */
  lastSequence: number | null
  requestId: number
}

/** How a frame stands to those before it. */
export type Place = 'next' | 'late' | 'gap'

/** What is asked for beside the channel. Executions from before the line would be told twice. */
const OPTIONS: Readonly<Record<PrivateChannel, Readonly<Record<string, boolean>>>> = {
  executions: { snap_orders: true, snap_trades: false, order_status: true, ratecounter: true },
  balances: { snapshot: true },
}

export interface SubscriptionsParts {
  /** Sends a request and gives its id. */
  readonly send: (method: string, params: Readonly<Record<string, unknown>>) => number
  readonly token: string
}

export class Subscriptions {
  readonly #parts: SubscriptionsParts
  readonly #byChannel: Readonly<Record<PrivateChannel, Subscription>> = {
    executions: { isAwaited: true, lastSequence: null, requestId: 0 },
    balances: { isAwaited: true, lastSequence: null, requestId: 0 },
  }

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts
  }

  askAll(): void {
    for (const channel of PRIVATE_CHANNELS) this.#ask(channel)
  }

  /** Asks for a channel anew, from its snapshot on. */
  askAnew(channel: PrivateChannel): void {
    this.#parts.send('unsubscribe', { channel, token: this.#parts.token })
    this.#ask(channel)
  }

  /** Which channel a request of ours was for: a refusal does not say. Null for other requests. */
  channelOf(requestId: number | null): PrivateChannel | null {
    return PRIVATE_CHANNELS.find((channel) => this.#byChannel[channel].requestId === requestId) ?? null
  }

  confirm(channel: PrivateChannel): void {
    this.#byChannel[channel].isAwaited = false
  }

  /** All channels are acknowledged. */
  get isComplete(): boolean {
    return PRIVATE_CHANNELS.every((channel) => !this.#byChannel[channel].isAwaited)
  }

  /** Counts a frame. Where frames are not counted by the venue, or an answer is awaited, every frame is the next. */
  count(channel: PrivateChannel, sequence: number | null): Place {
    const subscription = this.#byChannel[channel]
    const { lastSequence, isAwaited } = subscription
    if (sequence === null || isAwaited) return 'next'
    if (lastSequence !== null && sequence <= lastSequence) return 'late'
    subscription.lastSequence = sequence
    return lastSequence === null || sequence === lastSequence + 1 ? 'next' : 'gap'
  }

  #ask(channel: PrivateChannel): void {
    const params = { channel, ...OPTIONS[channel], token: this.#parts.token }
    const requestId = this.#parts.send('subscribe', params)
    Object.assign(this.#byChannel[channel], { isAwaited: true, lastSequence: null, requestId })
  }
}
