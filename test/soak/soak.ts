/** One run: a process lives through what its seed drew, is asked to end, and everybody's books are held beside one another. */
import { now, wait } from '../crash/arena.ts'
import type { RunningProcess } from '../e2e/process.ts'
import type { PostgresServer } from '../support/postgres.ts'
import { draw, type Happening, type Plan } from './draw.ts'
import { openPlace, type Place } from './life.ts'
import { wrongBooks } from './verify.ts'
import { words, wrongWords } from './words.ts'

export interface RunResult {
  readonly plan: Plan
  readonly problems: readonly string[]
  /** Everything that was said; empty where nothing is wrong. */
  readonly said: readonly string[]
  /** How often each fact was told, by all lives. */
  readonly told: Readonly<Record<string, number>>
}

/** From the signal to the end. */
const END_MS = 20_000
/** With faults that go on: it ends all the same. */
const FAULTY_END_MS = 45_000
const SECOND_LIFE_MS = 2_000
/** With the decimals of their ticks. */
const FALLEN = { 'BTC/USDT': 1, 'XRP/USDT': 5 } as const

/** The run of one seed. */
export async function runSeed(server: PostgresServer, seed: number): Promise<RunResult> {
  const plan = await draw(seed)
  const place = await openPlace(server, `soak_${seed}`, plan)
  const problems: string[] = []
  try {
    await live(place, plan, problems)
    if (problems.length === 0) problems.push(...wrongWords(place.lives, plan, place.secrets))
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error))
  }
  await place.close()
  const lines = place.lives.flatMap(({ log }) => log.map(({ msg }) => msg))
  const told = Object.fromEntries(
    Object.entries(Object.groupBy(lines, (msg) => msg)).map(([msg, of]) => [msg, of?.length ?? 0]),
  )
  return { plan, problems, said: problems.length === 0 ? [] : words(place.lives), told }
}

async function live(place: Place, plan: Plan, problems: string[]): Promise<void> {
  if (plan.endsEarlyMs !== null) {
    const early = await place.spawn()
    await wait(plan.endsEarlyMs)
    // Null: by the signal itself, which came before anybody listened.
    const code = await ended(early, plan.signal, END_MS)
    if (code !== null) problems.push(...endProblems(code))
  }
  let life = await place.start()
  const readyAt = now()
  for (const happening of plan.happenings) {
    await wait(Math.max(0, readyAt + happening.atMs - now()))
    life = await befall(place, life, plan, happening, problems)
  }
  await wait(Math.max(0, readyAt + plan.tradesMs - now()))
  if (!plan.faultsStand) await clearFaults(place)
  const code = await ended(life, plan.signal, plan.faultsStand ? FAULTY_END_MS : END_MS)
  if (plan.faultsStand && (code === 0 || code === 1)) {
    await clearFaults(place)
    life = await place.start()
    await wait(SECOND_LIFE_MS)
    problems.push(...endProblems(await ended(life, plan.signal, END_MS)))
  } else problems.push(...endProblems(code))
  problems.push(...(await wrongBooks(place, now())))
}

const endProblems = (code: number | string | null): string[] => (code === 0 ? [] : [`it ended with ${code}`])

async function clearFaults({ admin }: Place): Promise<void> {
  await admin('DELETE', '/faults')
  await admin('POST', '/mode', { mode: 'online' })
}

/** How it ended once it was asked to; a sentence where it did not in time, and then it is killed. */
async function ended(life: RunningProcess, signal: NodeJS.Signals, withinMs: number): Promise<number | string | null> {
  life.signal(signal)
  const code = await Promise.race([
    life.ended,
    wait(withinMs).then(() => `no end within ${withinMs / 1000} s of ${signal}`),
  ])
  if (typeof code === 'string') life.signal('SIGKILL')
  return code
}

/** Over at once: the next trades are at the price of before. Below it anything can be sold. */
async function fall({ admin, state }: Place, pct: number): Promise<void> {
  const { last } = await state()
  const quantity = '10000000'
  for (const [symbol, decimals] of Object.entries(FALLEN)) {
    const price = (Number(last[symbol]) * (1 - pct / 100)).toFixed(decimals)
    const ask = (Number(price) + 10 ** -decimals).toFixed(decimals)
    const book = { kind: 'book', symbol, bids: [{ price, quantity }], asks: [{ price: ask, quantity }] }
    await admin('POST', '/market', [book, { kind: 'trade', symbol, price, quantity, side: 'sell' }])
  }
}

/** A start is refused where the venue does not answer as it should; then once more, without faults. */
async function startAgain(place: Place, plan: Plan): Promise<RunningProcess> {
  try {
    return await place.start()
  } catch (error) {
    const isFaulty = plan.happenings.some(({ kind }) => kind === 'faults')
    if (!isFaulty || !String(error).includes('it ended with 1')) throw error
    await clearFaults(place)
    return place.start()
  }
}

/** Answers the life that goes on. */
async function befall(
  place: Place,
  life: RunningProcess,
  plan: Plan,
  happening: Happening,
  problems: string[],
): Promise<RunningProcess> {
  switch (happening.kind) {
    case 'faults':
      await place.admin('POST', '/faults', happening.faults)
      return life
    case 'fall':
      await fall(place, happening.pct)
      return life
    case 'ask': {
      const { code, said } = await place.ask(happening.what)
      // A resume or a reset may have nothing to lead out of.
      if (code !== 0 && !said.join().includes('refused'))
        problems.push(`${happening.what}: ${code} ${said.join(' | ')}`)
      return life
    }
    case 'kill':
      life.signal('SIGKILL')
      await life.ended
      return startAgain(place, plan)
  }
}
