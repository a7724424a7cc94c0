/** What happens by itself, each thing by its own draw: what people do, trouble, crashes. */
import { between, chance, pick, waiting, whole } from './draw.ts'
import { EPISODE_KINDS, type Episode } from './faults.ts'
import type { Lives } from './lives.ts'
import type { Ticker } from './ticker.ts'
import type { TrueOrder } from './truth.ts'
import type { Users } from './users.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const USER_MEAN_MS = 75 * SECOND
const TROUBLE_MEAN_MS = 6 * MINUTE
const CRASH_MEAN_MS = 30 * MINUTE
const SPOOLED_AFTER_MS = 5 * SECOND
/** How many of the fills in part somebody takes fright at. */
const CHASE = 0.5

const OTHER_TROUBLE = ['database-away', 'sequence-gap', 'market-line-down', 'external-order', 'jump'] as const

export interface HappeningParts {
  readonly world: World
  readonly ticker: Ticker
  readonly lives: Lives
  readonly users: Users
}

export class Happenings {
  readonly #parts: HappeningParts
  #isOver = false

  constructor(parts: HappeningParts) {
    this.#parts = parts
  }

  schedule(): void {
    const { lives, users } = this.#parts
    this.#repeat(USER_MEAN_MS, () => {
      if (lives.isUp) users.act(lives.up)
    })
    this.#repeat(TROUBLE_MEAN_MS, () => this.#trouble())
    this.#repeat(CRASH_MEAN_MS, () => this.#crash())
  }

  /** Nothing happens by itself any more. */
  end(): void {
    this.#isOver = true
  }

  /** Somebody takes back what has just begun to fill: the cancellation races the rest, and the report of what was. */
  chase({ clientOrderId, isLive, request }: TrueOrder): void {
    const { lives, users, world } = this.#parts
    if (this.#isOver || !isLive || request.purpose === 'stop' || !chance(world.chance, CHASE)) return
    world.clock.at(world.clock.now() + whole(world.chance, 0, 3 * SECOND), () => {
      if (lives.isUp) users.cancel(lives.up, clientOrderId)
    })
  }

  #repeat(meanMs: number, work: () => void): void {
    const { clock, chance: random } = this.#parts.world
    clock.at(clock.now() + waiting(random, meanMs), () => {
      if (this.#isOver) return
      work()
      this.#repeat(meanMs, work)
    })
  }

  #trouble(): void {
    const { lives, ticker, world } = this.#parts
    if (!lives.isUp) return
    const kind = pick(world.chance, [...EPISODE_KINDS, ...OTHER_TROUBLE, ...OTHER_TROUBLE])
    switch (kind) {
      case 'database-away':
        return this.#databaseAway()
      case 'sequence-gap':
        world.script.begin('report-lost')
        world.script.count('sequence-gap', 'the line')
        return world.line.bounce('a gap in the sequence', whole(world.chance, 50, 3_000))
      case 'market-line-down':
        return ticker.cut()
      case 'external-order':
        return world.strangers.act()
      case 'jump':
        return ticker.jump()
      default:
        return this.#episode(kind)
    }
  }

  #episode(kind: Episode): void {
    const { world } = this.#parts
    const until = world.script.begin(kind)
    const forMs = until - world.clock.now()
    if (kind !== 'line-silent') return world.note(`! ${kind} for ${forMs} ms`)
    world.note(`! the line is silent for ${forMs} ms`)
    world.clock.at(until, () => world.line.bounce('no sign of life', whole(world.chance, 100, 20_000)))
  }

  /** Rows wait at first, and are then written beside the database; or the process dies before either. */
  #databaseAway(): void {
    const { lives, world } = this.#parts
    const { journal } = lives
    if (journal === null || journal.health().state !== 'durable') return
    const since = world.clock.now()
    const problem = 'the database does not answer'
    const ms = chance(world.chance, 0.6) ? between(world.chance, 200, 8_000) : between(world.chance, 8_000, 90_000)
    world.script.count('database-away', `for ${Math.round(ms)} ms`)
    journal.goAway(problem, since)
    if (ms > SPOOLED_AFTER_MS) world.clock.at(since + SPOOLED_AFTER_MS, () => journal.spool(problem, since))
    world.clock.at(since + Math.round(ms), () => journal.release())
  }

  #crash(): void {
    const { lives, world } = this.#parts
    if (!lives.isUp) return
    const moment = pick(world.chance, [
      'crash-before-commit',
      'crash-after-commit',
      'crash-after-effects',
      'killed',
    ] as const)
    if (moment !== 'killed') return lives.journal?.dieAt(moment, whole(world.chance, 1, 25))
    world.script.count('killed', `life ${lives.count}`)
    lives.fall('killed')
  }
}
