/** One recorded day through the whole system, as a user starts it, beside the bare feed of the same minutes. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { simulatedClock } from '../src/adapters/clock/simulated.ts'
import { replayFeed } from '../src/adapters/market/replay/replay-feed.ts'
import { pair } from '../src/domain/ids.ts'
import { marketData } from '../test/support/market-data.ts'
import type { Bench } from './measure.ts'

const SYMBOLS = ['BTC/USDT', 'XRP/USDT'] as const
const DAY = { venue: 'binance', from: '2025-01-20', to: '2025-01-21' } as const
const CANDLES = SYMBOLS.length * 1_440
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Runs the command line to its end and returns what it printed. @throws Error when it does not end well. */
function printed(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let complaint = ''
    child.stdout.on('data', (chunk) => {
      output += String(chunk)
    })
    child.stderr.on('data', (chunk) => {
      complaint += String(chunk)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`the replay ended with ${code}: ${complaint.trim()}`))
    })
  })
}

export const replayOfOneDay: Bench = async () => {
  const source = marketData('candles')
  if (source === null) return null
  const { venue, from, to } = DAY
  const args = ['run', '--feed', `replay:${source}`, '--source', venue, '--symbols', SYMBOLS.join(',')]
  const measured = async (): Promise<void> => {
    const summary: unknown = JSON.parse(await printed([...args, '--from', from, '--to', to, '--json']))
    const { candles } = Object(summary)
    if (candles !== CANDLES) throw new Error(`${candles} candles were played, not ${CANDLES}`)
  }
  const log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
  const bare = async (): Promise<void> => {
    const clock = simulatedClock(Date.parse(from))
    const times = { from: Date.parse(from), to: Date.parse(to) }
    const feed = replayFeed({ source, venue, ...times, clock, speed: 'max', log })
    let candles = 0
    await feed.start(
      SYMBOLS.map((symbol) => pair(symbol)),
      (event) => {
        if (event.kind === 'candle') candles += 1
      },
    )
    while (clock.fireNext());
    await feed.stop()
    if (candles !== CANDLES) throw new Error(`${candles} candles were read, not ${CANDLES}`)
  }
  return {
    ...{ name: 'replay of one day, start to end', unit: 'candle', baseline: 'its feed alone', rounds: 3 },
    ...{ measured, bare, operations: CANDLES },
  }
}
