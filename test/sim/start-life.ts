/** A start of the process as a walk makes it: the real system over the line, the journal and the feed of one life. */
import { createHash } from 'node:crypto'
import type { Books } from '../../actors/books.ts'
import type { Settings } from '../../actors/house.ts'
import { type RunningSystem, startSystem } from '../../actors/start.ts'
import { inMemoryBus } from '../../src/adapters/bus/in-memory-bus.ts'
import { seededIds } from '../../src/adapters/chance/seeded.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { TOPICS } from '../../src/domain/topics.ts'
import type { Bus } from '../../src/ports/bus.ts'
import type { CrashJournal } from './journal.ts'
import type { Life } from './life.ts'
import { doublesOf, type Sabotage } from './sabotage.ts'
import type { Ticker } from './ticker.ts'
import { silent, type World } from './world.ts'

/** As the process takes hashes. */
export const sha256 = (given: string): string => createHash('sha256').update(given).digest('hex')

export interface LifeParts {
  readonly world: World
  readonly ticker: Ticker
  readonly settings: Settings
  readonly sabotage: Sabotage | null
}

interface LifeWatch {
  /** The books of this life are made. */
  onBooks(books: Books): void
  /** A fact is heard on the bus. */
  onPublish(fact: Fact): void
  onEnd(because: string, reason: string): void
}

/** Resolves once the system has booted, or its life is over. */
export function startLife(
  { world, ticker, settings, sabotage }: LifeParts,
  life: Life,
  journal: CrashJournal,
  watch: LifeWatch,
): Promise<RunningSystem> {
  const doubles = doublesOf(sabotage)
  const bus = openBus(world, life, watch)
  const random = world.random.stream(`life ${life.number}`)
  return startSystem(
    {
      ...{ clock: life.clock, ids: seededIds(random.stream('ids')), random, bus, log: silent },
      feed: ticker.connect(life),
      exchange: doubles.exchange(world.line.connect(life)),
      journal: doubles.journal(journal),
      candles: { save: async () => undefined, load: async () => [] },
      snapshots: doubles.snapshots(world.looks.connect(life)),
      hash: sha256,
    },
    settings,
    {
      ...{ epoch: life.number, incarnation: `life ${life.number}`, database: 'memory' },
      feed: { name: 'walk', fallback: false, reason: null },
      onEnd: (because, reason) => watch.onEnd(because, reason),
      onFeedEnded: () => undefined,
    },
    {
      ...doubles.makers,
      books: (...given) => {
        const books = doubles.makers.books(...given)
        watch.onBooks(books)
        return books
      },
    },
  )
}

/** A bus on which everything that a living process tells is heard. */
function openBus(world: World, life: Life, watch: LifeWatch): Bus {
  const bus = inMemoryBus({ clock: life.clock })
  for (const topic of TOPICS)
    bus.subscribe('walk', topic, ({ payload }) => {
      if (life.isDead) return
      world.tape.fact(world.clock.now(), payload)
      watch.onPublish(payload)
    })
  return bus
}
