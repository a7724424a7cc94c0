import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { SIGNAL_DROP_REASONS } from '../../src/domain/facts/decision.ts'
import { type FactType, TOPIC_OF } from '../../src/domain/facts.ts'
import { parseTask, TASK_ALIASES, TASKS } from '../../src/domain/tasks.ts'
import { TOPIC_RULES, TOPICS } from '../../src/domain/topics.ts'
import { WIRING } from '../../src/domain/wiring.ts'

/** The names that facts are declared by, read from the text: types leave nothing behind at run time. */
function declaredFacts(): string[] {
  const folder = fileURLToPath(new URL('../../src/domain/facts/', import.meta.url))
  return readdirSync(folder).flatMap((file) => {
    const source = readFileSync(`${folder}${file}`, 'utf8')
    const body = source.slice(source.search(/^export interface/m), source.search(/^export const \w+_TOPICS/m))
    return [...body.matchAll(/^ {2}'([\w.]+)':/gm)].map((match) => match[1] ?? '')
  })
}

it('every fact that is declared has exactly one topic, and no topic is given to a fact that is not', () => {
  const declared = declaredFacts()
  expect(declared.length).toBeGreaterThan(60)
  expect(new Set(declared).size).toBe(declared.length)
  expect(Object.keys(TOPIC_OF).sort()).toEqual([...declared].sort())
  for (const topic of Object.values(TOPIC_OF)) expect(TOPICS).toContain(topic)
})

it('a fact has a dot in its name and is told in the past: no command among them', () => {
  for (const name of Object.keys(TOPIC_OF)) expect(name).toMatch(/^[a-z]+\.[a-z][A-Za-z]+$/)
})

it('what risk money hangs on is told urgently and never dropped', () => {
  const urgent = (type: FactType) => TOPIC_RULES[TOPIC_OF[type]]
  const facts: readonly FactType[] = ['order.filled', 'order.unknown', 'position.emergency', 'position.unprotected']
  for (const type of facts) expect(urgent(type)).toMatchObject({ priority: 'URGENT', overflow: 'keep' })
  for (const topic of TOPICS) {
    if (TOPIC_RULES[topic].overflow === 'coalesce') expect(WIRING[topic].exclusive).toBe(false)
    expect(TOPIC_RULES[topic].ttlSeconds).toBeGreaterThan(0)
  }
})

it('every topic carries some fact', () => {
  expect([...new Set(Object.values(TOPIC_OF))].sort()).toEqual([...TOPICS].sort())
})

it('a signal can be dropped for each reason once', () => {
  expect(new Set(SIGNAL_DROP_REASONS).size).toBe(SIGNAL_DROP_REASONS.length)
})

it("a task is known by its name and by the owner's other name for it", () => {
  for (const task of TASKS) expect(parseTask(task)).toBe(task)
  for (const [alias, task] of Object.entries(TASK_ALIASES)) expect(parseTask(alias)).toBe(task)
  expect(parseTask('make_money')).toBeNull()
})
