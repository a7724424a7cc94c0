/** Generated paths over every machine: every transition reached and counted, nothing throws, rules hold in every state. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { AnyMachineSnapshot, AnyStateMachine, EventFromLogic } from 'xstate'
import { start, step } from '../../machines/step.ts'
import { agentPaths } from './paths/agent.paths.ts'
import { connectionPaths } from './paths/connection.paths.ts'
import { coordinatorPaths } from './paths/coordinator.paths.ts'
import { type Exploration, explore, type PathModel, together } from './paths/explore.ts'
import { hodlPaths } from './paths/hodl.paths.ts'
import { orderPaths } from './paths/order.paths.ts'
import { forcedPaths, pairPaths, positionPaths, reducingPaths, trailingPaths } from './paths/position.paths.ts'
import { rebalancePlanPaths } from './paths/rebalance-plan.paths.ts'
import { systemPaths } from './paths/system.paths.ts'
import { taskPaths } from './paths/task.paths.ts'
import { UNHANDLED, type UnhandledRows } from './unhandled.ts'

const machines: string[] = []

const pairs = (found: Exploration): string[] =>
  Object.entries(found.unhandled).flatMap(([state, events]) => events.map((event) => `${state} + ${event}`))

/** The table's rows as pairs; a bare reason stands for every event that was sent. */
function tablePairs(rows: Readonly<Record<string, UnhandledRows>>, found: Exploration): string[] {
  return Object.entries(rows).flatMap(([state, row]) =>
    (typeof row === 'string' ? found.events : Object.keys(row)).map((event) => `${state} + ${event}`),
  )
}

const reasons = (rows: UnhandledRows): string[] => (typeof rows === 'string' ? [rows] : Object.values(rows))

/** One machine by one or more models: what one of them leaves out, another takes. */
function cover<M extends AnyStateMachine>(first: PathModel<M>, ...others: readonly PathModel<M>[]): void {
  const models = [first, ...others]
  const { machine, required } = first
  machines.push(machine.id)
  describe(machine.id, () => {
    const explored = models.map((model) => ({ model, found: explore(model) }))
    const found = together(explored.map((one) => one.found))
    const covered = found.transitions.filter((name) => found.taken.has(name)).length
    process.stdout.write(
      `${JSON.stringify({
        ...{ machine: found.machine, states: found.nodes.length, transitions: found.transitions.length, covered },
        ...{ reached: found.reached, paths: found.paths.length, sent: found.sent, unhandled: pairs(found).length },
      })}\n`,
    )

    it('takes every transition on some path', () => {
      expect(found.transitions.filter((name) => !found.taken.has(name))).toEqual([])
      expect([...found.taken].filter((name) => !found.transitions.includes(name))).toEqual([])
    })

    it('reaches every state, those that the requirements name among them', () => {
      expect(required.filter((name) => !found.nodes.includes(name))).toEqual([])
      expect(found.nodes.filter((name) => !found.reachedNodes.has(name))).toEqual([])
    })

    it('throws at no event in any state', () => {
      expect(found.thrown).toEqual([])
    })

    it('keeps its rules in every state', () => {
      expect(found.broken).toEqual([])
    })

    it('has an answer to every event, but for the pairs in the table', () => {
      const rows = UNHANDLED[found.machine] ?? {}
      expect(tablePairs(rows, found).sort()).toEqual(pairs(found).sort())
      expect(
        Object.values(rows)
          .flatMap(reasons)
          .filter((reason) => reason.length < 15),
      ).toEqual([])
    })

    it('ends where each path says, walked once more from birth', () => {
      for (const { model, found: own } of explored)
        for (const path of own.paths) {
          let state = start(machine, model.input).state
          for (const { event } of path.steps.slice(1)) state = step(machine, state, event as EventFromLogic<M>).state
          expect((state as AnyMachineSnapshot).value).toEqual(path.state.value)
        }
    })
  })
}

cover(systemPaths)
cover(coordinatorPaths)
cover(orderPaths)
cover(positionPaths, trailingPaths, reducingPaths, forcedPaths, pairPaths)
cover(rebalancePlanPaths)
cover(hodlPaths)
cover(connectionPaths)
cover(taskPaths)
cover(agentPaths)

it('covers every machine there is', () => {
  const folder = fileURLToPath(new URL('../../machines', import.meta.url))
  const files = readdirSync(folder).flatMap((file) => (file.endsWith('.machine.ts') ? [file.slice(0, -11)] : []))
  expect(machines.toSorted()).toEqual(files.toSorted())
  expect(Object.keys(UNHANDLED).sort()).toEqual(files.toSorted())
})
