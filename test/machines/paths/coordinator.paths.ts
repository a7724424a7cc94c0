/** The coordinator's events: one symbol with two proposals, two reasons to pause, one set of counters for each level. */
import type { SnapshotFrom } from 'xstate'
import { type CoordinatorHears, coordinatorMachine } from '../../../machines/coordinator.machine.ts'
import { stampApproved } from '../../../src/domain/approved.ts'
import { BREAKERS } from '../../../src/domain/breakers.ts'
import { LEVELS } from '../../../src/domain/degradation.ts'
import { pair, positionId } from '../../../src/domain/ids.ts'
import type { RiskVerdict } from '../../../src/domain/risk.ts'
import type { Judgement, SignalInputs } from '../../../src/domain/signal.ts'
import type { Proposal } from '../../../src/domain/views.ts'
import type { PathModel } from './explore.ts'
import { entryRequest } from './order-events.ts'

type State = SnapshotFrom<typeof coordinatorMachine>

const seenAt = Date.UTC(2026, 0, 5, 12)
const BTC = pair('BTC/USDT')
const ID = positionId('p-1')

const proposal = (proposalId: string): Proposal => ({
  ...{ agent: 'trading_decision', symbol: BTC, timestamp: seenAt, confidence: 0.8, reasoning: 'up', model: 'rules' },
  ...{ tokens: 0, costUsd: 0, latencyMs: 1, promptHash: null, snapshotHash: 'h', usedFallback: false, proposalId },
  ...{ action: 'BUY', entryPrice: '100', stopLoss: '95', takeProfit: '115', sizePct: 5, leverage: 1 },
})
const inputs: SignalInputs = {
  now: seenAt,
  views: { technical: null, regime: null, sentiment: null },
  held: [],
  lossStreak: 0,
  marginEnabled: false,
}
const JUDGEMENTS: readonly Judgement[] = [
  { kind: 'drop', reason: 'HOLD', consensus: null, conflicts: [] },
  { kind: 'close', positionIds: [ID] },
  {
    kind: 'open',
    action: 'BUY',
    consensus: {
      ...{ agreeing: 1, present: 1, ratio: 1, multiplier: 1.3, raw: 0.7, boosted: 0.91 },
      stances: { technical: 'agrees', regime: 'absent', sentiment: 'absent' },
    },
    conflicts: [],
    resolution: null,
  },
]
const VERDICTS: readonly RiskVerdict[] = [
  {
    kind: 'approved',
    order: stampApproved(entryRequest),
    plan: {
      ...{ side: 'long', entryPrice: '100', stopLoss: '95', takeProfit: '115', quantity: '10', leverage: 1 },
      ...{ notionalUsd: '1000', riskUsd: '55', costQuote: '1002' },
    },
    modified: {
      ...{ symbol: BTC, action: 'BUY', sizePct: '10', leverage: 1 },
      ...{ entryPrice: '100', stopLoss: '95', takeProfit: '115' },
    },
    codes: [],
    warnings: [],
    riskPct: '1',
    exposurePct: '10',
    margin: '1000',
  },
  { kind: 'denied', codes: ['POSITION_LIMIT'], warnings: [], reasons: ['POSITION_LIMIT: 5 of 5'], figures: null },
]
const failures = (count: number) => ({ exchange: { failures: count, successes: 0 } })

const ALWAYS: readonly CoordinatorHears[] = [
  ...JUDGEMENTS.map(
    (judgement) => ({ type: 'signal.judged', proposal: proposal('one'), inputs, judgement, seenAt }) as const,
  ),
  ...VERDICTS.flatMap((verdict) =>
    ['one', 'two'].map(
      (id) => ({ type: 'risk.answered', proposal: proposal(id), positionId: ID, verdict, seenAt }) as const,
    ),
  ),
  { type: 'pause-trading', reason: 'user', by: 'ada', seenAt },
  ...['user', 'daily_loss'].map((reason) => ({ type: 'resume-trading', reason, by: 'ada', seenAt }) as const),
  ...BREAKERS.flatMap((breaker) => [
    { type: 'breaker.tripped', breaker, trippedAt: seenAt, seenAt } as const,
    { type: 'breaker.lifted', breaker, seenAt } as const,
  ]),
  { type: 'close-all-positions', reason: 'api', by: 'ada', seenAt },
  { type: 'halt-trading', reason: 'enough', by: 'ada', seenAt },
  { type: 'reset-trading', by: 'ada', seenAt },
  { type: 'halt-symbols', symbols: [BTC], reason: 'BTC: venue has 1, we expect 2', by: 'reconciliation', seenAt },
  { type: 'reset-symbol', symbol: BTC, by: 'ada', seenAt },
  { type: 'toggle-task', task: 'ta_analysis', enabled: false, by: 'ada', seenAt },
  { type: 'toggle-task', task: 'ta_analysis', enabled: true, by: 'ada', seenAt },
  ...LEVELS.map(
    (level, index) => ({ type: 'degradation.crossed', counters: failures(index * 3), level, seenAt }) as const,
  ),
  { type: 'reconciliation.begun', reason: 'the line came back', seenAt },
  { type: 'reconciliation.passed', seenAt },
  { type: 'deadline.reached', name: 'decision BTC/USDT', dueAt: 1, seenAt },
]

/** The one combination in which risk may be opened, on a symbol that is not halted itself. */
const mayOpenRisk = ({ value, context }: State): boolean =>
  value.control === 'running' &&
  value.degradation !== 'emergency' &&
  value.reconciliation === 'ready' &&
  !(BTC in context.haltedSymbols)

export const coordinatorPaths: PathModel<typeof coordinatorMachine> = {
  machine: coordinatorMachine,
  input: { decisionMs: 10_000, disabledTasks: [], seenAt },
  required: [
    ...['control.running', 'control.paused', 'control.halted'],
    ...['degradation.normal', 'degradation.reduced', 'degradation.limited', 'degradation.emergency'],
    ...['reconciliation.reconciling', 'reconciliation.ready'],
  ],
  events: ({ context: { deciding } }) => [
    ...ALWAYS,
    ...Object.entries(deciding).map(
      ([symbol, { dueAt }]) =>
        ({ type: 'deadline.reached', name: `decision ${symbol}`, dueAt, seenAt: dueAt }) as const,
    ),
  ],
  abstract: ({ pauseReasons, haltReason, haltedSymbols, breakers, deciding, disabledTasks }) => ({
    pauseReasons: [...pauseReasons].sort(),
    haltReason,
    haltedSymbols,
    // Beside the one that pauses, they differ in nothing but their names.
    breakers: [breakers.includes('daily_loss'), breakers.length > 0],
    deciding: Object.keys(deciding),
    disabledTasks,
  }),
  check: ({ before, event, after: { state, effects } }) => {
    const count = (name: string) => effects.filter((effect) => effect.type === name).length
    const wantsOpen = event.type === 'signal.judged' && event.judgement.kind === 'open'
    const isBusy = BTC in before.context.deciding
    if ((count('assess-proposal') === 1) !== (wantsOpen && mayOpenRisk(before) && !isBusy))
      throw new Error('risk is asked exactly for a signal that opens, in the one combination that allows it')
    if (count('open-position') > 0 && !mayOpenRisk(before)) throw new Error('a position is opened where no risk may be')
    if (count('open-position') > 0 && event.type !== 'risk.answered')
      throw new Error('a position is opened without a verdict')
    if (before.value.control === 'halted' && state.value.control !== 'halted' && event.type !== 'reset-trading')
      throw new Error('HALTED is left without a reset')
    const isDaily = event.type === 'breaker.lifted' && event.breaker === 'daily_loss'
    const hadDaily =
      before.context.pauseReasons.includes('daily_loss') && before.context.breakers.includes('daily_loss')
    if (hadDaily && !state.context.pauseReasons.includes('daily_loss') && !isDaily)
      throw new Error('the pause of a daily loss ends before the breaker is lifted')
    const isDrawdown = event.type === 'breaker.tripped' && event.breaker === 'drawdown'
    if (isDrawdown && (state.value.control !== 'halted' || count('close-all-positions') !== 1))
      throw new Error('a drawdown neither halts nor closes everything')
    if ((count('halve-positions') === 1) !== (event.type === 'breaker.tripped' && event.breaker === 'weekly_loss'))
      throw new Error('positions are halved exactly for a weekly loss')
    const lifts = event.type === 'reset-trading' || event.type === 'reset-symbol'
    if (BTC in before.context.haltedSymbols && !(BTC in state.context.haltedSymbols) && !lifts)
      throw new Error("a symbol's halt is lifted without a reset")
    if (state.value.control === 'running' && state.context.pauseReasons.length > 0)
      throw new Error('RUNNING while a reason to pause stands')
    if ((state.value.control === 'halted') !== (state.context.haltReason !== null))
      throw new Error('the reason to halt stands exactly while HALTED')
  },
}
