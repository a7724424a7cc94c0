import { loadConfig } from '/work/main/config/load.ts'
import { runReplay } from '/work/main/src/assembly/replay.ts'
import { pinoLog } from '/work/main/src/adapters/log/pino-log.ts'
import { pair } from '/work/main/src/domain/ids.ts'
const config = loadConfig({ dir: '/work/main/config', env: {} })
const log = pinoLog({ level: (process.env.LOG ?? 'warn') as 'warn', pretty: false })
const s = await runReplay({ config, source: '/work/shared/data/candles', venue: null, symbols: [pair('BTC/USDT'), pair('XRP/USDT')], from: Date.parse(process.argv[2] ?? '2021-05-10'), to: Date.parse(process.argv[3] ?? '2021-05-11'), speed: 'max', seed: 'triplegain', dataDir: null, log })
console.log(JSON.stringify(s, null, 1))
