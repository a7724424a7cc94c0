/**
 * The crash matrix: a live process is killed before and after every step that it persists, comes back, and has lost,
 * doubled and forgotten nothing. The steps are the code's own: whatever it journals while the stories are told, and
 * while it recovers from a death.
 */
import type { PostgresServer } from '../support/postgres.ts'
import { Arena, BTC, CameToNothing, wait } from './arena.ts'
import type { Death, Look } from './live-child.ts'
import { MOMENTS, type Moment } from './steps.ts'
import { isFlat, STORIES, type Story } from './stories.ts'
import { problems } from './verify.ts'

export interface Case {
  readonly story: Story
  readonly death: Death
  /** A second death at a step of the recovery from the first. */
  readonly again: Death | null
}

export interface Failure {
  readonly of: Case
  readonly problems: readonly string[]
}

/** A story may take another path than when its steps were found; then it is told again. */
const MOST_TELLINGS = 4
const SETTLED_MS = 8_000
const nameOf = ({ step, moment }: Death): string => `${moment} ${step}`
export const titleOf = ({ story, death, again }: Case): string =>
  `${story.name}: ${nameOf(death)}${again === null ? '' : `, then ${nameOf(again)}`}`

/** Tells a story. False when the process died in it. */
async function tell(arena: Arena, { stages }: Story): Promise<boolean> {
  for (const stage of stages) {
    stage.act(arena)
    const reached = await arena.until(stage.what, (look) => {
      if (stage.until(look)) return true
      stage.meanwhile?.(arena, look)
      return false
    })
    if (!reached) return false
  }
  return true
}

const isReady = ({ coordinator, system }: Look): boolean => system.ready && coordinator.reconciliation === 'READY'

/** Comes back after a death, ready to trade. */
async function comeBack(arena: Arena): Promise<void> {
  await arena.start()
  if (!(await arena.until('a system that is ready', isReady)))
    throw new CameToNothing(`it ended with ${arena.life.exit}`)
}

/** Brings everything to rest, whatever was under way. */
async function flatten(arena: Arena): Promise<void> {
  arena.print(BTC, '50000')
  arena.life.tell({ type: 'resume' })
  const isDone = await arena.until('nothing held and nothing resting', (look) => {
    if (isFlat(look)) return true
    arena.life.tell({ type: 'cancel-entry' })
    arena.life.tell({ type: 'close' })
    return false
  })
  if (!isDone) throw new CameToNothing(`it ended with ${arena.life.exit}`)
}

/** What is wrong once everything has had its time; orders still on their way are given it. */
async function judged(arena: Arena): Promise<readonly string[]> {
  let found: readonly string[] = ['it never answered']
  for (let waited = 0; waited < SETTLED_MS; waited += 200) {
    const look = await arena.life.look(wait)
    if (look !== null) found = await problems(arena, look)
    if (found.length === 0) return []
    await wait(200)
  }
  return found
}

/** One case: the story, the death, the recovery, the comparison; then everything to rest for the next one. */
export async function runCase(arena: Arena, one: Case): Promise<readonly string[]> {
  arena.life.tell({ type: 'die', ...one.death })
  for (let telling = 1; await tell(arena, one.story); telling += 1)
    if (telling === MOST_TELLINGS) return [`never came to: ${nameOf(one.death)}`]
  if ((await arena.life.ended) !== 'SIGKILL') return [`it ended by itself, with ${arena.life.exit}`]
  if (one.again !== null) {
    await arena.start(one.again)
    const survived = await arena.until('a second death, or a system that is ready', isReady)
    if (survived) arena.life.signal('SIGKILL')
    await arena.life.ended
  }
  await comeBack(arena)
  const found = await judged(arena)
  await flatten(arena)
  const later = await judged(arena)
  return [...found, ...later.map((problem) => `after all was closed: ${problem}`)]
}

/** Steps in order of their first appearance, with the story that they appear in. */
export async function findSteps(server: PostgresServer): Promise<ReadonlyMap<string, Story>> {
  const found = new Map<string, Story>()
  let telling: Story | null = null
  const arena = await Arena.open(server, 'steps', (step) => {
    if (telling !== null && !found.has(step)) found.set(step, telling)
  })
  try {
    await comeBack(arena)
    for (const story of STORIES) {
      telling = story
      if (!(await tell(arena, story))) throw new CameToNothing(`it ended with ${arena.life.exit} in: ${story.name}`)
      // Late fills are waited for; what follows them belongs to this story too.
      await wait(1_000)
      telling = null
      await flatten(arena)
    }
  } finally {
    await arena.close()
  }
  return found
}

/** Every step of the stories, at every moment. */
export const casesOf = (steps: ReadonlyMap<string, Story>): readonly Case[] =>
  [...steps].flatMap(([step, story]) =>
    MOMENTS.map((moment: Moment) => ({ story, death: { step, moment }, again: null })),
  )
