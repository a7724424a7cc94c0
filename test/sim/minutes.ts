/** Every open position, and the account, is looked at once a minute: by the rows that the store was given, against the clock. */
import type { Books } from '../../actors/books.ts'
import type { RunningSystem } from '../../actors/start.ts'
import type { Fact } from '../../src/domain/facts.ts'
import type { Pair, PositionId } from '../../src/domain/ids.ts'
import type { Row } from './looks.ts'
import { SYMBOLS } from './market.ts'
import type { Fail, Scene } from './scene.ts'

const EVERY_MS = 60_000
/** Rows wait so long for company. */
const WRITTEN_WITHIN_MS = 5_000
const SLACK_MS = 1_000
/** Without a trade for so long nobody is blamed for a price that is too old: the market trades several times a minute. */
const QUIET_MS = 40_000
/** Of each open position and of the account, in memory. */
const MOST_IN_MEMORY = 1_440
/** That wait for the store. */
const MOST_WAITING = 2_880

const ACCOUNT = 'account'

export class Minutes {
  readonly #scene: Scene
  readonly #fail: Fail
  /** All that there were: a row may come when its position has closed. */
  readonly #known = new Map<string, { readonly symbols: readonly Pair[]; readonly since: number }>()
  readonly #open = new Set<string>([ACCOUNT])
  readonly #closedAt = new Map<string, number>()
  readonly #lastRow = new Map<string, number>()
  readonly #freshSince = new Map<Pair, number>()
  #steadySince = 0
  /** That ran after the last step; null where none did, or it slept. */
  #system: RunningSystem | null = null

  constructor(scene: Scene, fail: Fail) {
    this.#scene = scene
    this.#fail = fail
    this.#known.set(ACCOUNT, { symbols: SYMBOLS, since: 0 })
  }

  /** A fact that is on the disk, in whichever life. */
  onFact(fact: Fact): void {
    if (fact.type === 'position.opening') {
      const { positionId, symbol } = fact.position
      this.#open.add(positionId)
      this.#known.set(positionId, { symbols: [symbol], since: this.#scene.now() })
    }
    if (fact.type === 'position.closed') {
      this.#open.delete(fact.position.positionId)
      this.#closedAt.set(fact.position.positionId, this.#scene.now())
    }
  }

  onSave(looks: number, underWay: number): void {
    if (looks > MOST_WAITING + MOST_IN_MEMORY)
      this.#fail('what waits for the store is bounded', `${looks} looks at once`)
    if (underWay > 1) this.#fail('looks are written one write after the other', `${underWay} at once`)
  }

  /** The store has a row that it did not have. */
  onRow({ of, at }: Row): void {
    const last = this.#lastRow.get(of) ?? null
    this.#lastRow.set(of, at)
    if (last === null) return
    if (at <= last) this.#fail('looks come in their order', `${of} at ${at} after ${last}`)
    const gapMs = at - Math.max(last, this.#sinceWhen(of))
    if (gapMs > EVERY_MS + SLACK_MS) this.#fail('everything is looked at each minute', `${of}: not for ${gapMs} ms`)
  }

  /** Since when nothing but the process itself could keep it from looking. */
  #sinceWhen(of: string): number {
    const { symbols = [], since = 0 } = this.#known.get(of) ?? {}
    return Math.max(since, this.#steadySince, ...symbols.map((symbol) => this.#freshSince.get(symbol) ?? 0))
  }

  /** After every step: while the store is there, no row is late. */
  check(): void {
    const now = this.#scene.now()
    const system = this.#scene.system()
    if (system === null || system !== this.#system) this.#steadySince = now
    this.#system = system
    for (const symbol of SYMBOLS)
      if (now - (this.#scene.heardAt(symbol) ?? 0) > QUIET_MS) this.#freshSince.set(symbol, now)
    const soundSince = this.#scene.storeSoundSince()
    if (soundSince === null) return
    for (const of of this.#open) {
      const lateMs = now - Math.max(this.#lastRow.get(of) ?? 0, this.#sinceWhen(of), soundSince)
      if (lateMs > EVERY_MS + WRITTEN_WITHIN_MS + SLACK_MS)
        this.#fail('everything is looked at each minute', `${of}: no row for ${lateMs} ms with the store there`)
    }
  }

  /** The look that comes next forgets it. */
  #closedLately(of: string): boolean {
    return this.#scene.now() - (this.#closedAt.get(of) ?? 0) <= EVERY_MS + SLACK_MS
  }

  /** Once everything is over: a day of what is open is in memory, and nothing of what had closed at the last look. */
  conclude({ desk, house: { books } }: RunningSystem): void {
    for (const of of this.#lastRow.keys()) {
      if (of === ACCOUNT) continue
      const kept = desk.positionSnapshots(of as PositionId).length
      const most = isOpen(books, of) || this.#closedLately(of) ? MOST_IN_MEMORY : 0
      if (kept > most) this.#fail('memory of looks is bounded', `${kept} of ${of}`)
    }
    const kept = desk.portfolioSnapshots().length
    if (kept > MOST_IN_MEMORY) this.#fail('memory of looks is bounded', `${kept} of the account`)
  }
}

const isOpen = (books: Books, id: string): boolean => books.position(id as PositionId)?.status === 'open'
