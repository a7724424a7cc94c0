/** Paper trading in this process instead of one of its own: where an address of Kraken's has to be another. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { runSystem, type SystemRun } from '../../src/assembly/run.ts'
import { pair } from '../../src/domain/ids.ts'
import { Arrivals } from '../support/kraken-server.ts'

const configWith = (env: Readonly<Record<string, string>>) =>
  loadConfig({ dir: resolve(import.meta.dirname, '../../config'), env })
type Later = TestContext['onTestFinished']

type Ready = Parameters<SystemRun['onReady']>

/** Runs paper trading in this process, with `env` for its configuration; `stop` drains it and gives the exit code. */
export function runHere(
  later: Later,
  over: Partial<SystemRun> & Pick<SystemRun, 'feed'>,
  env: Readonly<Record<string, string>> = {},
) {
  const dataDir = mkdtempSync(join(tmpdir(), 'triplegain-feeds-'))
  later(() => rmSync(dataDir, { recursive: true, force: true }))
  const logged = new Arrivals<{ readonly message: string; readonly fields: Readonly<Record<string, unknown>> }>()
  const ready = Promise.withResolvers<Ready>()
  const asked = Promise.withResolvers<(reason: string) => void>()
  const write = (message: string, fields: Readonly<Record<string, unknown>> = {}) => logged.push({ message, fields })
  const code = runSystem({
    ...{
      config: configWith(env),
      symbols: [pair('BTC/USDT'), pair('XRP/USDT')],
      seed: 'feeds',
      dataDir,
      databaseUrl: null,
      port: 0,
    },
    log: { debug: () => undefined, info: write, warn: write, error: write },
    onReady: (...given) => ready.resolve(given),
    onStopAsked: (stop) => {
      asked.resolve(stop)
      return () => undefined
    },
    ...over,
  })
  return {
    logged,
    ready: () =>
      Promise.race([
        ready.promise,
        code.then((ended): never => {
          throw new Error(`it ended with ${ended}`)
        }),
      ]),
    code,
    stop: async () => {
      const stop = await asked.promise
      stop('the test is over')
      return code
    },
  }
}
