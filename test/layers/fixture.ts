/** A small lawful tree in a temporary folder, to plant one breach in, and the cruise that finds it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractRules from 'dependency-cruiser/config-utl/extract-depcruise-config'

export const FOLDERS = ['machines', 'actors', 'src', 'config', 'migrations', 'bench', 'scripts'] as const
const rules = await extractRules(fileURLToPath(new URL('../../.dependency-cruiser.mjs', import.meta.url)))
export const RULES = (rules.forbidden ?? []).map((rule) => rule.name ?? '')

/** Runs the rules over a tree. */
export async function cruised(baseDir: string, folders: readonly string[] = FOLDERS): Promise<ICruiseResult> {
  const ruleSet = { forbidden: rules.forbidden ?? [] } as NonNullable<Parameters<typeof cruise>[1]>['ruleSet']
  const { enhancedResolveOptions, ...options } = rules.options ?? {}
  const { output } = await cruise(
    [...folders],
    { ...options, baseDir, validate: true, ...(ruleSet === undefined ? {} : { ruleSet }) },
    { ...enhancedResolveOptions },
  )
  if (typeof output === 'string') throw new Error('expected a result, not a report')
  return output
}

/** `from → to: rule`, sorted. */
export const breaches = (result: ICruiseResult): string[] =>
  result.summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`).sort()

/** Every layer once, each importing what it may: also two feeds that know each other, and Kraken's language between two adapters. */
const LAWFUL: Readonly<Record<string, string>> = {
  'node_modules/decimal.js/index.js': '',
  'node_modules/xstate/index.js': '',
  'node_modules/hono/index.js': '',
  'src/domain/units.ts': "import { Decimal } from 'decimal.js'\nexport const one = new Decimal(1)\n",
  'src/domain/ids.ts': "import { one } from './units.ts'\nexport const id = one\n",
  'src/analysis/bar.ts': "import 'decimal.js'\nimport { id } from '../domain/ids.ts'\nexport const bar = id\n",
  'src/ports/clock.ts': "import type { id } from '../domain/ids.ts'\nexport type Clock = typeof id\n",
  'machines/order.machine.ts':
    "import 'xstate'\nimport { id } from '../src/domain/ids.ts'\nexport const machine = id\n",
  'actors/house.ts':
    "import 'xstate'\nimport { machine } from '../machines/order.machine.ts'\nimport type { Clock } from '../src/ports/clock.ts'\nimport { bar } from '../src/analysis/bar.ts'\nexport const house: Clock[] = [machine, bar]\n",
  'src/adapters/clock/real.ts':
    "import 'node:timers'\nimport type { Clock } from '../../ports/clock.ts'\nexport const clocks: Clock[] = []\n",
  'src/adapters/market/replay/feed.ts': "import { id } from '../../../domain/ids.ts'\nexport const feed = id\n",
  'src/adapters/kraken/names.ts': "import { id } from '../../domain/ids.ts'\nexport const names = id\n",
  'src/adapters/market/kraken/feed.ts':
    "import { feed } from '../replay/feed.ts'\nimport { names } from '../../kraken/names.ts'\nexport const kraken = [feed, names]\n",
  'src/adapters/exchange/kraken/exchange.ts':
    "import { names } from '../../kraken/names.ts'\nexport const exchange = names\n",
  'src/api/app.ts': "import 'hono'\nimport type { Clock } from '../ports/clock.ts'\nexport const app: Clock[] = []\n",
  'src/adapters/exchange/simulated/engine.ts': 'export const engine = 1\n',
  'src/sandbox/account.ts':
    "import 'hono'\nimport { engine } from '../adapters/exchange/simulated/engine.ts'\nexport const account = engine\n",
  'config/load.ts': "import 'node:fs'\nimport { id } from '../src/domain/ids.ts'\nexport const config = id\n",
  'migrations/0001.ts': 'export const first = 1\n',
  'src/main.ts':
    "import '../actors/house.ts'\nimport './adapters/clock/real.ts'\nimport './adapters/market/kraken/feed.ts'\nimport './api/app.ts'\nimport '../config/load.ts'\n",
  'bench/run.ts': "import '../actors/house.ts'\n",
  'scripts/diagrams.ts': "import '../machines/order.machine.ts'\n",
}

/** Cruises the lawful tree with `planted` files on top; the folder is gone afterwards. */
export async function cruisedWith(planted: Readonly<Record<string, string>>): Promise<ICruiseResult> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'walls-')))
  try {
    for (const [path, text] of Object.entries({ ...LAWFUL, ...planted })) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return await cruised(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}
