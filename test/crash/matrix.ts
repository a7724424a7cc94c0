/**
 * The crash matrix: a live process is killed before and after every step that it persists, comes back, and has lost,
 * doubled and forgotten nothing. The steps are the code's own: whatever it journals while the stories are told, and
 * while it recovers from a death.
 */
import type { PostgresServer } from '../support/postgres.ts'
import { Arena, BTC, CameToNothing, now, wait, XRP } from './arena.ts'
import type { Death, Look } from './live-child.ts'
import { fillCore, HAND, isFlat, type Story } from './stages.ts'
import { MOMENTS, type Moment } from './steps.ts'
import { isBreakersHalt, problems } from './verify.ts'

/** A death in a story; or, where `told` says how far it got before it was killed, a death in the recovery from that. */
export interface Case {
  readonly story: Story
  readonly told: number | null
  readonly death: Death
}

export interface Failure {
  readonly of: Case
  readonly problems: readonly string[]
}

/** A step, and where it is taken. */
export type Found = ReadonlyMap<string, Omit<Case, 'death'>>

/** A story may take another path than when its steps were found; then it is told again. */
const MOST_TELLINGS = 4
/** What says nothing, good or bad: the step is one that only some paths take, and this one did not. */
export const UNREACHED = 'it never came to that step'
const AGAIN_MS = 2_000
/** Longer than an order takes to be given up that never arrived. */
const SETTLED_MS = 20_000
export const titleOf = ({ story, told, death }: Case): string =>
  `${story.name}${told === null ? '' : `, recovery after ${story.stages[told - 1]?.what ?? 'nothing'}`}: ${death.moment} ${death.step}`

/** Tells the first stages of a story. False when the process died in it. */
async function tell(arena: Arena, stages: Story['stages']): Promise<boolean> {
  for (const stage of stages) {
    let actedAt = now()
    stage.act(arena)
    const reached = await arena.until(stage.what, (look) => {
      if (stage.until(look)) return true
      stage.meanwhile?.(arena, look)
      if (now() >= actedAt + AGAIN_MS && stage.again?.(look) === true) {
        actedAt = now()
        stage.act(arena)
      }
      return false
    })
    if (!reached) return false
  }
  return true
}

const isReady = ({ coordinator, system }: Look): boolean => system.ready && coordinator.reconciliation === 'READY'

/** Comes back after a death, ready to trade. */
export async function comeBack(arena: Arena): Promise<void> {
  await arena.start()
  if (!(await arena.until('a system that is ready', isReady)))
    throw new CameToNothing(`it ended with ${arena.life.exit}`)
}

/** Brings everything to rest, whatever was under way. False when the process died in it. */
async function flatten(arena: Arena): Promise<boolean> {
  arena.print(BTC, '50000')
  arena.print(XRP, '1')
  for (const { clientOrderId, venueOrderId } of arena.sandbox.venue.openOrders())
    if (clientOrderId === null) arena.sandbox.venue.cancel({ venueOrderId }, HAND)
  arena.life.tell({ type: 'resume' })
  return arena.until('nothing held and nothing resting', (look) => {
    const { coordinator } = look
    // A breaker's halt was compared with the books before; another halt stays, and is told of.
    if (coordinator.state === 'HALTED' && isBreakersHalt(look)) arena.life.tell({ type: 'reset' })
    else if (isFlat(look)) return true
    fillCore(arena, look)
    arena.life.tell({ type: 'cancel-entry' })
    arena.life.tell({ type: 'close' })
    return false
  })
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
export async function runCase(arena: Arena, { story, told, death }: Case): Promise<readonly string[]> {
  const problem = told === null ? await dieInStory(arena, story, death) : await dieInRecovery(arena, story, told, death)
  if (problem !== null) return [problem]
  await comeBack(arena)
  const found = await judged(arena)
  await flatten(arena)
  const later = await judged(arena)
  return [...found, ...later.map((each) => `after all was closed: ${each}`)]
}

async function dieInStory(arena: Arena, { stages }: Story, death: Death): Promise<string | null> {
  arena.life.tell({ type: 'die', ...death })
  for (let telling = 1; await tell(arena, stages); telling += 1) {
    if (telling === MOST_TELLINGS) return UNREACHED
    if (!(await flatten(arena))) break
  }
  return isKilled(arena)
}

async function dieInRecovery(arena: Arena, { stages }: Story, told: number, death: Death): Promise<string | null> {
  if (!(await tell(arena, stages.slice(0, told)))) return `it ended by itself, with ${arena.life.exit}`
  arena.life.signal('SIGKILL')
  await arena.life.ended
  await arena.start(death)
  // Steps of a recovery are taken at its beginning, or never: what has to be asked for was answered before the kill.
  await arena.until('a death while coming back', isReady)
  arena.life.signal('SIGKILL')
  return isKilled(arena)
}

const isKilled = async ({ life }: Arena): Promise<string | null> =>
  (await life.ended) === 'SIGKILL' ? null : `it ended by itself, with ${life.exit}`

/** One arena at a time, which goes from one story to the next as long as it serves. */
export class Arenas {
  readonly #server: PostgresServer
  readonly #name: string
  readonly #onStep: (step: string) => void
  /** The story is the last one told in it. */
  #open: { readonly arena: Arena; readonly story: Story } | null = null
  #opened = 0

  constructor(server: PostgresServer, name: string, onStep: (step: string) => void = () => undefined) {
    this.#server = server
    this.#name = name
    this.#onStep = onStep
  }

  /** Ready to trade. */
  async for(story: Story): Promise<Arena> {
    const open = this.#open
    if (open !== null && open.story.ground === story.ground && open.story.isDear !== true) {
      this.#open = { arena: open.arena, story }
      return open.arena
    }
    await this.close()
    this.#opened += 1
    const name = `${this.#name}_${this.#opened}`
    const arena = await Arena.open(this.#server, name, { ground: story.ground, onStep: this.#onStep })
    this.#open = { arena, story }
    await comeBack(arena)
    return arena
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.arena.close()
  }
}

/** Steps in order of their first appearance: in the stories, and in the recoveries from a kill after each stage. */
export async function findSteps(server: PostgresServer, stories: readonly Story[]): Promise<Found> {
  const found = new Map<string, Omit<Case, 'death'>>()
  let where: Omit<Case, 'death'> | null = null
  const arenas = new Arenas(server, 'steps', (step) => {
    if (where !== null && !found.has(step)) found.set(step, where)
  })
  try {
    for (const story of stories) {
      const arena = await arenas.for(story)
      // What a start still does is no story's.
      await wait(1_000)
      where = { story, told: null }
      if (!(await tell(arena, story.stages)))
        throw new CameToNothing(`it ended with ${arena.life.exit} in: ${story.name}`)
      // Late fills are waited for; what follows them belongs to this story too.
      await wait(1_000)
      where = null
      if (story.isDear !== true) await flatten(arena)
    }
    for (const story of stories)
      for (let told = 1; told < story.stages.length; told += 1) {
        const arena = await arenas.for(story)
        await tell(arena, story.stages.slice(0, told))
        arena.life.signal('SIGKILL')
        await arena.life.ended
        where = { story, told }
        await comeBack(arena)
        where = null
        if (story.isDear !== true) await flatten(arena)
      }
  } finally {
    await arenas.close()
  }
  return found
}

/** Every step at every moment. */
export const casesOf = (found: Found): readonly Case[] =>
  [...found].flatMap(([step, where]) => MOMENTS.map((moment: Moment) => ({ ...where, death: { step, moment } })))
