import { describe, expect, it } from 'vitest'
import type { TaskSettings } from '../../actors/house.ts'
import type { ScheduleMessage } from '../../actors/messages.ts'
import { createSchedule, type Schedule, type ScheduleParts, scheduleLogic } from '../../actors/schedule.actor.ts'
import type { Pair } from '../../src/domain/ids.ts'
import { TASKS, type TaskName } from '../../src/domain/tasks.ts'
import { BTC, HOUR, MINUTE, routineHouse, SECOND, TASK_TABLE, XRP } from './routine-house.ts'

const NOON = Date.UTC(2026, 0, 5, 12)

interface Ran {
  readonly task: TaskName
  readonly symbol: Pair | null
  readonly at: number
}
type Work = (ran: Ran, signal: AbortSignal) => undefined | void | Promise<void>

/** A schedule in its actor; `work` says what a run does, `ran` what was asked for, in seconds after noon. */
function office(
  options: {
    readonly work?: Work
    readonly tasks?: Partial<Record<TaskName, Partial<TaskSettings>>>
    readonly parts?: Partial<ScheduleParts>
  } = {},
) {
  const tasks = Object.fromEntries(
    TASKS.map((name) => [name, { ...TASK_TABLE[name], ...options.tasks?.[name] }]),
  ) as Record<TaskName, TaskSettings>
  const world = routineHouse(NOON, tasks)
  const { clock, house } = world
  const ran: Ran[] = []
  const schedule: Schedule = createSchedule(house, {
    isSkipped: () => false,
    run: (task, symbol, signal) => {
      const asked = { task, symbol, at: (clock.now() - NOON) / SECOND }
      ran.push(asked)
      return options.work?.(asked, signal)
    },
    ...options.parts,
  })
  const child = {
    id: 'schedule',
    systemId: 'schedule',
    logic: scheduleLogic(house, schedule),
    restart: 'permanent' as const,
  }
  world.start([child])
  const self = {
    ...world,
    ran,
    schedule,
    tell: (message: ScheduleMessage) => house.addresses.tell('schedule', message),
    begin: () => {
      self.tell({ type: 'start-schedule', seenAt: clock.now() })
      return self
    },
    until: (ms: number) => {
      clock.advanceTo(NOON + ms)
      return self
    },
    times: (task: TaskName, symbol: Pair | null = BTC) =>
      ran.flatMap((one) => (one.task === task && one.symbol === symbol ? [one.at] : [])),
    status: (task: TaskName) => schedule.taskStatuses().find((one) => one.task === task),
    byHand: (task: TaskName, symbol?: Pair) =>
      self.tell({
        type: 'run-task',
        task,
        by: 'ada',
        seenAt: clock.now(),
        ...(symbol === undefined ? {} : { symbol }),
      }),
  }
  return self
}

/** Work that is over when the test says so, or when it is aborted. */
function slowWork(isSlow: (ran: Ran) => boolean) {
  const open: { readonly ran: Ran; end(problem?: string): void }[] = []
  const aborted: Ran[] = []
  const work: Work = (ran, signal) => {
    if (!isSlow(ran)) return
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted.push(ran)
        reject(new Error('aborted'))
      })
      open.push({ ran, end: (problem) => (problem === undefined ? resolve() : reject(new Error(problem))) })
    })
  }
  return { work, open, aborted }
}
/** Lets promises that are over tell so. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('the schedule', () => {
  it('runs nothing before trading has begun', () => {
    expect(office().until(2 * HOUR).ran).toEqual([])
  })

  it('runs the inputs before what depends on them, all at the start', () => {
    const it = office().begin().until(0)
    expect(it.ran).toEqual(
      (['ta_analysis', 'regime_detection', 'trading_decision'] as const).flatMap((task) =>
        [BTC, XRP].map((symbol) => ({ task, symbol, at: 0 })),
      ),
    )
  })

  it('runs the inputs first whenever several tasks are due at the same moment', () => {
    const at = office().begin().until(HOUR)
    const together = at.ran.filter((one) => one.at === 3600 && one.symbol === BTC).map((one) => one.task)
    expect(together).toEqual(['ta_analysis', 'regime_detection', 'trading_decision'])
  })

  it('keeps five tasks on their intervals for a day, exactly and without drift', () => {
    const it = office({ tasks: { sentiment_analysis: { enabled: true } } })
      .begin()
      .until(24 * HOUR)
    const every = (seconds: number, from = 0) =>
      Array.from({ length: Math.floor((86_400 - from) / seconds) + 1 }, (_, index) => from + index * seconds)
    for (const symbol of [BTC, XRP]) {
      expect(it.times('ta_analysis', symbol)).toEqual(every(60))
      expect(it.times('regime_detection', symbol)).toEqual(every(300))
      expect(it.times('sentiment_analysis', symbol)).toEqual(every(1800))
      expect(it.times('trading_decision', symbol)).toEqual(every(3600))
    }
    expect(it.times('portfolio_check', null)).toEqual(every(3600, 60))
    expect(it.ran).toHaveLength(2 * (1441 + 289 + 49 + 25) + 24)
    expect(it.status('ta_analysis')).toEqual({
      ...{ task: 'ta_analysis', enabled: true, intervalSeconds: 60, runs: 1441, failures: 0 },
      ...{ lastRunAt: NOON + 24 * HOUR, nextRunAt: NOON + 24 * HOUR + MINUTE },
    })
    expect(it.facts).toEqual([])
  })

  it('begins once, however often trading begins anew', () => {
    const it = office().begin()
    it.until(30 * SECOND).begin()
    expect(it.until(MINUTE).times('ta_analysis')).toEqual([0, 60])
  })

  it('checks the portfolio as a whole, a minute after the start', () => {
    expect(office().begin().until(MINUTE).times('portfolio_check', null)).toEqual([60])
  })

  it('runs what was missed in a long sleep once, says that it was late, and keeps to the old minutes', () => {
    const it = office().begin().until(0)
    const asleep = it.clock.now() + 150 * SECOND
    it.house.addresses.bind(() => undefined)
    it.until(asleep - NOON)
    it.house.addresses.bind(() => it.actor('schedule'))
    it.until(181 * SECOND)
    expect(it.times('ta_analysis')).toEqual([0, 151, 180])
    expect(it.told('task.late')).toMatchObject([{ task: 'ta_analysis', dueAt: NOON + MINUTE }])
  })
})

describe('a dependency', () => {
  it('is waited for, and what waited runs as soon as it is there', async () => {
    const slow = slowWork(({ task, at }) => task === 'ta_analysis' && at === 0)
    const it = office(slow)
      .begin()
      .until(7 * SECOND)
    expect(it.ran.map((one) => one.task)).toEqual(['ta_analysis', 'ta_analysis'])
    for (const one of slow.open) one.end()
    await settled()
    expect([it.times('regime_detection'), it.times('trading_decision')]).toEqual([[7], [7]])
  })

  it('has to run again before its dependant does', () => {
    const it = office({ tasks: { ta_analysis: { intervalMs: 10 * MINUTE } } })
      .begin()
      .until(20 * MINUTE)
    expect(it.times('regime_detection')).toEqual([0, 600, 1200])
    expect(it.told('task.late')).toEqual([])
  })

  it('that failed for every symbol has brought nothing', () => {
    const it = office({
      work: ({ task, at }) => {
        if (task === 'ta_analysis' && at === 0) throw new Error('no candles yet')
      },
    })
    expect(it.begin().until(MINUTE).times('trading_decision')).toEqual([60])
  })

  it('that is disabled is not waited for', () => {
    const it = office({ tasks: { ta_analysis: { enabled: false } } })
      .begin()
      .until(0)
    expect([it.times('ta_analysis'), it.times('trading_decision')]).toEqual([[], [0]])
  })

  it('that never comes makes its dependant late at each of its times', () => {
    const it = office({
      work: ({ task }) => {
        if (task === 'ta_analysis') throw new Error('down')
      },
    })
    it.begin().until(10 * MINUTE)
    expect(it.told('task.late').map(({ task, dueAt }) => [task, (dueAt - NOON) / SECOND])).toEqual([
      ['regime_detection', 0],
      ['regime_detection', 300],
    ])
    expect(it.times('regime_detection')).toEqual([])
  })
})

describe('a slow run', () => {
  const lasting = { ta_analysis: { timeoutMs: 10 * MINUTE } }

  it('has none of the same task beside it, and delays no other', async () => {
    const slow = slowWork(({ task }) => task === 'ta_analysis')
    const it = office({ work: slow.work, tasks: { ...lasting, regime_detection: { dependsOn: [] } } })
      .begin()
      .until(5 * MINUTE + SECOND)
    expect([it.times('ta_analysis'), it.times('regime_detection')]).toEqual([[0], [0, 300]])
    expect(it.told('task.late')).toHaveLength(5)
    for (const one of slow.open) one.end()
    await settled()
    expect(it.until(6 * MINUTE).times('ta_analysis')).toEqual([0, 360])
    expect(it.status('ta_analysis')).toMatchObject({ runs: 2, failures: 0 })
  })

  it('is aborted at its timeout, is late, and is run again at its next time', async () => {
    const slow = slowWork(({ task, at, symbol }) => task === 'ta_analysis' && at === 0 && symbol === BTC)
    const it = office(slow)
      .begin()
      .until(29 * SECOND)
    expect([slow.aborted, it.schedule.running]).toEqual([[], 1])
    it.until(30 * SECOND)
    expect(slow.aborted).toEqual([{ task: 'ta_analysis', symbol: BTC, at: 0 }])
    expect(it.told('task.late')).toMatchObject([{ task: 'ta_analysis', dueAt: NOON }])
    await settled()
    expect(it.told('task.failed')).toEqual([])
    expect(it.until(MINUTE).times('ta_analysis')).toEqual([0, 60])
    expect(it.status('ta_analysis')).toMatchObject({ runs: 2, failures: 1 })
    expect(it.times('trading_decision')).toEqual([60])
  })

  it('that goes on although it was aborted is no longer listened to', async () => {
    let end = () => {}
    const it = office({
      work: ({ task, at, symbol }) => {
        if (task !== 'ta_analysis' || at > 0 || symbol !== BTC) return
        return new Promise((resolve) => {
          end = resolve
        })
      },
    })
    it.begin().until(40 * SECOND)
    end()
    await settled()
    expect([it.schedule.running, it.times('regime_detection')]).toEqual([0, []])
    expect(it.until(MINUTE).times('regime_detection')).toEqual([60])
  })

  it('works on as many symbols at once as it may', async () => {
    const slow = slowWork(() => true)
    const it = office({ ...slow, tasks: { ta_analysis: { symbolsAtOnce: 1 } } })
      .begin()
      .until(0)
    expect(it.ran.map((one) => one.symbol)).toEqual([BTC])
    slow.open[0]?.end()
    await settled()
    expect(it.ran.map((one) => one.symbol)).toEqual([BTC, XRP])
  })

  it('fails for one symbol alone', async () => {
    const slow = slowWork(({ task }) => task === 'ta_analysis')
    const it = office(slow).begin().until(0)
    slow.open.find((one) => one.ran.symbol === BTC)?.end('no answer')
    slow.open.find((one) => one.ran.symbol === XRP)?.end()
    await settled()
    expect(it.told('task.failed')).toMatchObject([{ task: 'ta_analysis', symbol: BTC, problem: 'no answer' }])
    expect(it.status('ta_analysis')).toMatchObject({ failures: 1 })
    expect(it.times('trading_decision')).toEqual([0])
  })

  it('waits for a place while as many tasks run as may', async () => {
    const slow = slowWork(({ task }) => task === 'ta_analysis')
    const it = office({
      ...slow,
      parts: { tasksAtOnce: 1 },
      tasks: { ...lasting, regime_detection: { dependsOn: [] } },
    })
    it.begin().until(SECOND)
    expect(it.times('regime_detection')).toEqual([])
    for (const one of slow.open) one.end()
    await settled()
    expect(it.times('regime_detection')).toEqual([1])
  })

  it('ends with the schedule', async () => {
    const slow = slowWork(() => true)
    const it = office(slow).begin().until(0)
    it.schedule.stop()
    await settled()
    expect([slow.aborted.length, it.clock.nextDueAt()]).toEqual([2, null])
  })
})

describe('a routine run that fails', () => {
  const down =
    (seconds: number): Work =>
    ({ task, symbol, at }) => {
      if (task === 'ta_analysis' && symbol === BTC && at < seconds) throw new Error('broken')
    }

  it('fails its symbol alone, is told once a symbol and run, and is forgotten when it goes well', () => {
    const it = office({ work: down(120) })
      .begin()
      .until(3 * MINUTE)
    expect(it.times('ta_analysis', XRP)).toEqual([0, 60, 120, 180])
    expect(it.told('task.failed').map(({ symbol, problem }) => [symbol, problem])).toEqual([
      [BTC, 'broken'],
      [BTC, 'broken'],
    ])
    expect(it.status('ta_analysis')).toMatchObject({ runs: 4, failures: 2 })
    expect(it.crashes).toEqual([])
  })
})

describe('enabling and disabling', () => {
  const toggle = (at: ReturnType<typeof office>, enabled: boolean) =>
    at.tell({ type: 'task.toggled', task: 'ta_analysis', enabled })

  it('does not run what the settings or the coordinator leave out', () => {
    const it = office({ parts: { isEnabled: (task) => task === 'portfolio_check' } })
      .begin()
      .until(2 * HOUR)
    expect(new Set(it.ran.map((one) => one.task))).toEqual(new Set(['portfolio_check']))
    expect(it.status('ta_analysis')).toMatchObject({ enabled: false, nextRunAt: null })
    expect(office().begin().until(HOUR).times('sentiment_analysis')).toEqual([])
  })

  it('stops a task at once and lets it run at once', () => {
    const it = office()
      .begin()
      .until(90 * SECOND)
    toggle(it, false)
    it.until(5 * MINUTE)
    toggle(it, true)
    expect(it.until(7 * MINUTE).times('ta_analysis')).toEqual([0, 60, 300, 360, 420])
  })

  it('aborts the run in hand of a task that is disabled, and counts no failure', async () => {
    const slow = slowWork(({ task }) => task === 'ta_analysis')
    const it = office(slow).begin().until(SECOND)
    toggle(it, false)
    await settled()
    expect(slow.aborted).toHaveLength(2)
    expect(it.until(HOUR).told('task.failed')).toEqual([])
    expect(it.status('ta_analysis')).toMatchObject({ enabled: false, failures: 0 })
  })

  it('remembers what was toggled before trading began', () => {
    const it = office()
    toggle(it, false)
    expect(it.status('ta_analysis')).toMatchObject({ enabled: false })
    expect(it.begin().until(HOUR).times('ta_analysis')).toEqual([])
  })

  it('leaves a task out while degradation says so', () => {
    let level = 'REDUCED'
    const it = office({
      tasks: { sentiment_analysis: { enabled: true }, trading_decision: { dependsOn: ['sentiment_analysis'] } },
      parts: { isSkipped: (task) => task === 'sentiment_analysis' && level !== 'NORMAL' },
    })
    it.begin().until(45 * MINUTE)
    expect([it.times('sentiment_analysis'), it.times('trading_decision')]).toEqual([[], [0]])
    level = 'NORMAL'
    expect(it.until(HOUR).times('sentiment_analysis')).toEqual([3600])
  })
})

describe('a run by hand', () => {
  it('runs now, for one symbol or for all, and changes no later time', () => {
    const it = office()
      .begin()
      .until(10 * SECOND)
    it.byHand('regime_detection', XRP)
    it.byHand('regime_detection')
    it.until(5 * MINUTE)
    expect([it.times('regime_detection'), it.times('regime_detection', XRP)]).toEqual([
      [0, 10, 300],
      [0, 10, 10, 300],
    ])
    expect(it.told('command.accepted')).toMatchObject([{ by: 'ada' }, { by: 'ada' }])
  })

  it('waits for no dependency', () => {
    const it = office({ tasks: { ta_analysis: { firstAfterMs: HOUR } } })
      .begin()
      .until(SECOND)
    expect(it.times('trading_decision')).toEqual([])
    it.byHand('trading_decision')
    expect(it.times('trading_decision')).toEqual([1])
    it.byHand('regime_detection', BTC)
    expect(it.told('command.refused')).toMatchObject([{ reason: 'it is due already and begins as soon as it can' }])
  })

  it('is refused for a task that is disabled or running, a symbol that is not scheduled, and without a place', () => {
    const slow = slowWork(({ task }) => task === 'ta_analysis')
    const it = office({ ...slow, parts: { tasksAtOnce: 1 } })
      .begin()
      .until(0)
    it.byHand('sentiment_analysis')
    it.byHand('ta_analysis')
    it.byHand('portfolio_check')
    it.tell({ type: 'run-task', task: 'ta_analysis', symbol: 'DOGE/USDT' as Pair, by: 'ada', seenAt: NOON })
    expect(it.told('command.refused').map(({ reason }) => reason)).toEqual([
      'the task is disabled',
      'it is running',
      'as many tasks are running as may',
      'DOGE/USDT is not scheduled',
    ])
  })
})

describe('a crash of the schedule', () => {
  it('loses no time, no run and no count', async () => {
    const slow = slowWork(({ task, at }) => task === 'portfolio_check' && at === 60)
    const it = office(slow)
      .begin()
      .until(59 * SECOND + 950)
    it.actor('schedule').send({ type: 'nonsense' })
    expect(it.crashes).toHaveLength(1)
    it.until(MINUTE + 2 * SECOND)
    expect(it.times('ta_analysis')).toEqual([0, 61])
    it.actor('schedule').send({ type: 'nonsense' })
    slow.open[0]?.end()
    await settled()
    it.until(2 * MINUTE + SECOND)
    expect(it.times('ta_analysis')).toEqual([0, 61, 120])
    expect(it.status('portfolio_check')).toMatchObject({ runs: 1, failures: 0 })
    expect(it.schedule.running).toBe(0)
  })

  it('hears only what it knows', () => {
    const it = office().begin()
    it.tell({ type: 'deadline.reached', name: 'nobody', dueAt: 1, seenAt: NOON })
    expect(it.told('actor.unhandled')).toMatchObject([{ actor: 'schedule', state: 'nobody' }])
  })
})
