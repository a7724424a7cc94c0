/**
 * The pairs of state and event that a machine has no answer to, each with its reason. The path tests compare this table with
 * what they find: a pair that is missing here is a gap in a machine, a row too many is a promise that nobody keeps any more.
 * In the running system such a pair is counted and alarmed (`actor.unhandled`), and changes nothing.
 */

/** Event → reason; a bare reason where no event at all is answered. */
export type UnhandledRows = string | Readonly<Record<string, string>>
export type UnhandledTable = Readonly<Record<string, Readonly<Record<string, UnhandledRows>>>>

/** Several events with one reason. */
const because = (reason: string, ...events: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(events.map((event) => [event, reason]))

const FINAL = 'The machine has ended; its actor leaves as soon as its last row is durable.'
const BOOTS_ONCE = 'The boot ends once a process, and leads out of booting.'
const NOT_DRAINING = 'Only a drain that was asked for is answered.'
const NO_COMPARISON = 'No comparison is asked for before the boot has ended.'

const NOT_ASKED = 'The venue is asked by client order id only from `unknown` on, and no way leads back from there.'
const SENT_ONCE = 'The gateway tells of the one sending before anything else that concerns the order.'
const NOT_CANCELLED = 'A cancel is asked for in `cancelling` alone, which leads back to `unknown` and never here.'

export const UNHANDLED: UnhandledTable = {
  system: {
    booting: {
      ...because(NO_COMPARISON, 'reconciliation.passed', 'reconciliation.refused'),
      ...because(NOT_DRAINING, 'system.drained'),
    },
    reconciling: { ...because(BOOTS_ONCE, 'boot.finished'), ...because(NOT_DRAINING, 'system.drained') },
    trading: { ...because(BOOTS_ONCE, 'boot.finished'), ...because(NOT_DRAINING, 'system.drained') },
    halted: { ...because(BOOTS_ONCE, 'boot.finished'), ...because(NOT_DRAINING, 'system.drained') },
    draining: because(BOOTS_ONCE, 'boot.finished'),
    stopped: FINAL,
  },
  coordinator: {},
  connection: { stopped: FINAL },
  task: {},
  agent: {},
  hodl: {},
  'rebalance-plan': { completed: FINAL, cancelled: FINAL },
  position: {
    opening: because('Triggers are watched from the first fill on.', 'trigger.crossed'),
    closed: FINAL,
  },
  order: {
    intended: {
      ...because(
        'Nothing has been sent yet, so the venue has nothing to tell; `venue.sent` comes before every answer.',
        ...['venue.acknowledged', 'venue.opened', 'venue.filled', 'venue.cancelled', 'venue.expired'],
        ...['venue.answerLost', 'venue.amended', 'venue.amendAccepted', 'venue.amendRefused', 'venue.cancelRefused'],
      ),
      ...because(NOT_ASKED, 'venue.found', 'venue.notFound', 'venue.lookupFailed'),
      ...because('No deadline runs before the order has been sent.', 'deadline.reached'),
    },
    submitting: {
      ...because(SENT_ONCE, 'venue.sent'),
      ...because(NOT_ASKED, 'venue.found', 'venue.notFound', 'venue.lookupFailed'),
      ...because(
        'Nothing was amended or cancelled at the venue while its first answer is awaited.',
        ...['venue.amended', 'venue.amendAccepted', 'venue.amendRefused', 'venue.cancelRefused'],
      ),
    },
    retrying: {
      ...because('Nothing is on its way while it waits to be sent again.', 'venue.sent'),
      ...because(
        'Nothing was amended or cancelled at the venue that has refused it.',
        ...['venue.amended', 'venue.amendAccepted', 'venue.amendRefused', 'venue.cancelRefused'],
      ),
    },
    open: { ...because(SENT_ONCE, 'venue.sent'), ...because(NOT_CANCELLED, 'venue.cancelRefused') },
    partiallyFilled: { ...because(SENT_ONCE, 'venue.sent'), ...because(NOT_CANCELLED, 'venue.cancelRefused') },
    cancelling: because(SENT_ONCE, 'venue.sent'),
    'settling.filled': because(SENT_ONCE, 'venue.sent'),
    'settling.cancelled': because(SENT_ONCE, 'venue.sent'),
    'settling.expired': because(SENT_ONCE, 'venue.sent'),
    'settling.failed': because(SENT_ONCE, 'venue.sent'),
    done: FINAL,
  },
}
