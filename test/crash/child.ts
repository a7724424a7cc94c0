/**
 * The system as a live process, told what to do by the one that started it, and able to die at any of its own steps.
 * Arguments: folder of the configuration; data folder; where to die already while starting, as JSON, or null.
 * Everything else is in the environment, as for `npm start`.
 */

import { planAddress } from '../../actors/addresses.ts'
import type { TradeProposal } from '../../actors/execution-desk.ts'
import type { RunningSystem } from '../../actors/start.ts'
import { loadConfig } from '../../config/load.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { runSystem } from '../../src/assembly/run.ts'
import { type Pair, pair } from '../../src/domain/ids.ts'
import type { Numeric } from '../../src/domain/units.ts'
import type { Log } from '../../src/ports/log.ts'
import { speak } from '../support/speak.ts'
import { type Moment, watchedJournal } from './steps.ts'

/** What the child is told. */
export type Told =
  | {
      readonly type: 'signal'
      readonly symbol: Pair
      readonly entryPrice: Numeric
      readonly stopLoss: Numeric
      readonly takeProfit: Numeric
    }
  /** A person's own, which no view need agree with. */
  | { readonly type: 'trade'; readonly proposal: TradeProposal }
  | { readonly type: 'move-stop'; readonly stopLoss: Numeric }
  | { readonly type: 'trail'; readonly distancePct: Numeric; readonly activationPct: Numeric }
  | { readonly type: 'reduce'; readonly share: Numeric }
  | { readonly type: 'close' }
  /** As a person asks for it, who has a price in mind. */
  | { readonly type: 'ask-close'; readonly exitPrice: Numeric }
  | { readonly type: 'cancel-plan' }
  | { readonly type: 'cancel-entry' }
  | { readonly type: 'pause' | 'resume' | 'reset' }
  | { readonly type: 'rebalance' }
  /** At its next such step: ends without a word, or stands still until it is woken. */
  | { readonly type: 'die' | 'freeze'; readonly step: string; readonly moment: Moment }
  | { readonly type: 'look' }
  | { readonly type: 'stop' }

/** What it tells. */
export type Tells =
  | { readonly type: 'running' }
  | { readonly type: 'step'; readonly step: string }
  | { readonly type: 'line'; readonly level: string; readonly message: string; readonly fields: unknown }
  | ({ readonly type: 'look' } & ReturnType<typeof look>)

const [configDir = '', dataDir = '', firstDeath = 'null'] = process.argv.slice(2)
const tell = (message: Tells): void => void process.send?.(message)
const line =
  (level: string) =>
  (message: string, fields: unknown = {}): void =>
    tell({ type: 'line', level, message, fields })
const log: Log = { debug: () => undefined, info: line('info'), warn: line('warn'), error: line('error') }

interface Place {
  readonly step: string
  readonly moment: Moment
}
let death = JSON.parse(firstDeath) as Place | null
let freeze: Place | null = null
const isAt = (place: Place | null, step: string, moment: Moment): boolean =>
  place?.step === step && place.moment === moment
const at = (step: string, moment: Moment): void => {
  if (isAt(death, step, moment)) process.kill(process.pid, 'SIGKILL')
  if (isAt(freeze, step, moment)) {
    freeze = null
    process.kill(process.pid, 'SIGSTOP')
  }
  if (moment === 'sent') tell({ type: 'step', step })
}

const look = ({ desk, house }: RunningSystem) => ({
  breakers: desk.risk().breakers,
  hodl: house.books.hodl(),
  /** A rebalance that is not done. */
  plan: house.books.plan().activeId,
  system: desk.system(),
  coordinator: desk.coordinator(),
  orders: desk.orders({}),
  positions: desk.positions({}),
})

function obey(system: RunningSystem, told: Told): void {
  const { addresses, clock } = system.house
  const seenAt = clock.now()
  const open = system.desk.positions({ status: 'open' })
  switch (told.type) {
    case 'signal': {
      const { type: _type, ...terms } = told
      speak(system.house, terms)
      return
    }
    case 'trade': {
      const { proposal } = told
      // Without a regime nothing is levered.
      speak(system.house, { symbol: pair(proposal.symbol), action: 'HOLD' })
      void system.execution.executeTrade(proposal)
      return
    }
    case 'move-stop':
      for (const { positionId } of open)
        addresses.tell(`position:${positionId}`, { type: 'modify-position', stopLoss: told.stopLoss, seenAt })
      return
    case 'close':
      for (const { positionId } of open)
        addresses.tell(`position:${positionId}`, { type: 'close-position', reason: 'api', seenAt })
      return
    case 'trail': {
      const { distancePct, activationPct } = told
      for (const { positionId } of open)
        addresses.tell(`position:${positionId}`, { type: 'enable-trailing', distancePct, activationPct, seenAt })
      return
    }
    case 'reduce':
      for (const { positionId } of open)
        addresses.tell(`position:${positionId}`, { type: 'reduce-position', share: told.share, reason: 'api', seenAt })
      return
    case 'ask-close':
      for (const { positionId } of open)
        system.positions.close(positionId, { exitPrice: told.exitPrice, reason: 'by hand', by: 'test' })
      return
    case 'cancel-plan': {
      const { activeId } = system.house.books.plan()
      if (activeId !== null) addresses.tell(planAddress(activeId), { type: 'cancel-plan', reason: 'asked to', seenAt })
      return
    }
    case 'cancel-entry':
      for (const { orderId, request } of system.desk.orders({ live: true }))
        if (request.purpose === 'entry')
          addresses.tell(`order:${orderId}`, { type: 'cancel-order', reason: 'asked to', seenAt })
      return
    case 'pause':
      addresses.tell('coordinator', { type: 'pause-trading', reason: 'user', by: 'test', seenAt })
      return
    case 'resume':
      addresses.tell('coordinator', { type: 'resume-trading', reason: 'user', by: 'test', seenAt })
      return
    case 'reset':
      addresses.tell('coordinator', { type: 'reset-trading', by: 'test', seenAt })
      return
    case 'rebalance':
      addresses.tell('portfolio', { type: 'check-portfolio', forced: true, seenAt })
      return
    case 'die':
      death = told
      return
    case 'freeze':
      freeze = told
      return
    case 'look':
      tell({ type: 'look', ...look(system) })
      return
    case 'stop':
      system.drain('the test is over')
  }
}

const clock = realClock()
const config = loadConfig({ dir: configDir, env: process.env })
process.exitCode = await runSystem({
  ...{ config, feed: 'kraken', symbols: [pair('BTC/USDT'), pair('XRP/USDT')], seed: 'crash', dataDir, port: 0, log },
  databaseUrl: config.storage.databaseUrl?.reveal() ?? null,
  // What is not fenced: numbers of the machine's clock, which a paused process has higher ones of when it wakes.
  ...(process.env.NONCES === 'clock' ? { nonces: { next: () => Math.trunc(clock.now() * 1000) } } : {}),
  onReady: () => tell({ type: 'running' }),
  onStopAsked: (stop) => {
    const hear = (): void => stop('SIGTERM')
    process.on('SIGTERM', hear)
    return () => process.off('SIGTERM', hear)
  },
  journalThrough: (journal) => watchedJournal(journal, { at }),
  onSystem: (system) => process.on('message', (told) => obey(system, told as Told)),
})
process.disconnect?.()
