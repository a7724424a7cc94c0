/**
 * Two real processes want one account: the leader is made to stand still, with an order decided and not sent or anywhere
 * else, another one takes over, and then the first wakes up. What it still sends must come to nothing.
 */
import { seededRandom } from '../../src/adapters/chance/seeded.ts'
import type { RandomSource } from '../../src/ports/clock.ts'
import { Arena, BTC, CameToNothing, wait } from '../crash/arena.ts'
import type { Life, Look } from '../crash/live-child.ts'
import { problems } from '../crash/verify.ts'
import type { PostgresServer } from '../support/postgres.ts'

export type Nonces = 'block' | 'clock'

export interface Takeover {
  /** Where the older process stood still. */
  readonly at: string
  /** Orders that the older process decided and the venue took after the newer one's first call. */
  readonly late: readonly string[]
  /** How the older process ended: 3 is what it should be. */
  readonly ended: string
  readonly problems: readonly string[]
}

/** Steps whose rows ask the venue for something: there a leader has most to send when it wakes. */
const SENDING = [
  'order/entry place-order > order.intended',
  'order/stop place-order > order.intended',
  'order/entry cancel-order > order.cancelling',
] as const
const LONGEST_WALK_MS = 1_500
const WAKE_MS = 3_000
const LAST_WORD_MS = 30_000

/** A leader that trades until it is told to stop. */
function keepTrading(arena: Arena): () => void {
  let isOver = false
  const trade = async (): Promise<void> => {
    while (!isOver) {
      arena.life.tell({ type: 'signal', symbol: BTC, entryPrice: '50000', stopLoss: '49000', takeProfit: '52500' })
      await wait(250)
      if (!isOver) arena.print(BTC, '49990', '0.1')
      await wait(250)
      if (!isOver) arena.print(BTC, '50000', '0.1')
      arena.life.tell({ type: 'cancel-entry' })
      await wait(250)
      arena.life.tell({ type: 'close' })
      await wait(250)
    }
  }
  void trade()
  return () => {
    isOver = true
  }
}

const isReady = ({ coordinator, system }: Look): boolean => system.ready && coordinator.reconciliation === 'READY'

async function started(arena: Arena): Promise<void> {
  if (!(await arena.until('a leader that is ready', isReady)))
    throw new CameToNothing(`it ended with ${arena.life.exit}`)
}

/** Stands still: at the next step that sends something, or after a while, wherever that is. */
async function freeze(life: Life, random: RandomSource): Promise<string> {
  const step = SENDING[Math.floor(random.next() * (SENDING.length + 1))]
  if (step === undefined) {
    await wait(random.next() * LONGEST_WALK_MS)
    life.signal('SIGSTOP')
    return 'anywhere'
  }
  life.tell({ type: 'freeze', step, moment: 'after' })
  for (let waited = 0; !life.isStopped(); waited += 10) {
    if (waited > LAST_WORD_MS) throw new CameToNothing(`never came to: ${step}\n${life.lines.join('\n')}`)
    await wait(10)
  }
  return step
}

/** Orders of an epoch before `epoch` that reached the engine after the first call of that one. */
async function lateOrders({ sandbox, sql }: Arena, epoch: number, firstCallAt: number): Promise<readonly string[]> {
  const rows = await sql.query<{ id: string; epoch: number }>(
    `select body->'order'->>'orderId' as id, epoch::int as epoch from journal where type = 'order.intended'`,
  )
  const epochs = new Map(rows.map((row) => [row.id, row.epoch]))
  return sandbox.venue.requests().flatMap(({ at, clientOrderId, errors, kind }) => {
    const decided = epochs.get(clientOrderId ?? '')
    const isLate =
      kind === 'place' && errors.length === 0 && at >= firstCallAt && decided !== undefined && decided < epoch
    return isLate ? [`${clientOrderId} of epoch ${decided}`] : []
  })
}

async function acceptedNonces({ sandbox }: Arena): Promise<readonly { readonly at: number }[]> {
  const response = await fetch(`${sandbox.admin}/state`)
  const state = (await response.json()) as { readonly nonces: readonly { readonly at: number }[] }
  return state.nonces
}

/** One takeover: freeze, take over, wake, compare. The newer process is the arena's life afterwards. */
async function takeOver(arena: Arena, random: RandomSource): Promise<Takeover> {
  const older = arena.life
  const stopTrading = keepTrading(arena)
  const at = await freeze(older, random)
  stopTrading()
  const nonces = (await acceptedNonces(arena)).length
  await arena.start(null, 'beside')
  await started(arena)
  const [leadership] = await arena.sql.query<{ epoch: number }>('select epoch::int as epoch from leadership')
  const firstCallAt = (await acceptedNonces(arena))[nonces]?.at ?? Number.POSITIVE_INFINITY
  older.signal('SIGCONT')
  older.tell({ type: 'signal', symbol: BTC, entryPrice: '50000', stopLoss: '49000', takeProfit: '52500' })
  await wait(WAKE_MS)
  const ended = await Promise.race([older.ended, wait(LAST_WORD_MS).then(() => 'still there')])
  if (ended === 'still there') older.signal('SIGKILL')
  const late = await lateOrders(arena, leadership?.epoch ?? 0, firstCallAt)
  return { at, late, ended, problems: [] }
}

export interface Campaign {
  readonly takeovers: readonly Takeover[]
  /** What was wrong once everything had come to rest. */
  readonly problems: readonly string[]
}

/** So many takeovers in a chain: each newer process is the next one to stand still. */
export async function runTakeovers(
  server: PostgresServer,
  {
    count,
    nonces,
    seed,
    onTakeover,
  }: { count: number; nonces: Nonces; seed: string; onTakeover?: (one: Takeover) => void },
): Promise<Campaign> {
  const random = seededRandom(seed)
  const arena = await Arena.open(server, `fencing_${nonces}`, { env: { NONCES: nonces } })
  const takeovers: Takeover[] = []
  try {
    await arena.start()
    await started(arena)
    for (let done = 0; done < count; done += 1) {
      const one = await takeOver(arena, random)
      takeovers.push(one)
      onTakeover?.(one)
    }
    return { takeovers, problems: await atRest(arena) }
  } finally {
    await arena.close()
  }
}

/** Closes and cancels everything, and compares. */
async function atRest(arena: Arena): Promise<readonly string[]> {
  let found: readonly string[] = ['it never answered']
  for (let waited = 0; waited < LAST_WORD_MS; waited += 500) {
    arena.life.tell({ type: 'cancel-entry' })
    arena.life.tell({ type: 'close' })
    await wait(500)
    const look = await arena.life.look(wait)
    if (look !== null) found = await problems(arena, look)
    if (found.length === 0) return []
  }
  return found
}
