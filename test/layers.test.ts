/** Who may import whom: no breach in the tree, and every wall proved alive by a breach planted against it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { breaches, cruised, cruisedWith, FOLDERS, RULES } from './layers/fixture.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Close under what there is: without a parser for TypeScript the cruiser sees next to nothing, and finds nothing. */
const MODULES_AT_LEAST = 270

/** One breach of each wall: the file that is planted and what it says. Type-only imports count. */
const BREACHES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'domain-alone': { 'src/domain/bad.ts': "import 'decimal.js'\n" },
  'decimals-from-units': { 'src/domain/units.ts': "import 'xstate'\n" },
  'analysis-on-domain': { 'src/analysis/bad.ts': "import type { Clock } from '../ports/clock.ts'\n" },
  'ports-on-domain': { 'src/ports/bad.ts': "import type { Actor } from 'xstate'\n" },
  'machines-pure': { 'machines/bad.ts': "import type { Clock } from '../src/ports/clock.ts'\n" },
  'actors-on-ports': { 'actors/bad.ts': "import { clocks } from '../src/adapters/clock/real.ts'\n" },
  'adapters-on-ports': { 'src/adapters/bus/bad.ts': "import type { house } from '../../../actors/house.ts'\n" },
  'adapters-apart': { 'src/adapters/bus/bad.ts': "import type { clocks } from '../clock/real.ts'\n" },
  'kraken-language-for-kraken': { 'src/adapters/bus/bad.ts': "import { names } from '../kraken/names.ts'\n" },
  'adapters-without-xstate': { 'src/adapters/bus/bad.ts': "import 'xstate'\n" },
  'api-on-ports': { 'src/api/bad.ts': "import type { house } from '../../actors/house.ts'\n" },
  'cli-on-ports': { 'src/cli/bad.ts': "import { clocks } from '../adapters/clock/real.ts'\n" },
  'web-on-ports': { 'src/web/bad.ts': "import { machine } from '../../machines/order.machine.ts'\n" },
  'config-on-domain': { 'config/bad.ts': "import type { Clock } from '../src/ports/clock.ts'\n" },
  'migrations-alone': { 'migrations/0002.ts': "import { id } from '../src/domain/ids.ts'\n" },
  'main-not-imported': { 'bench/bad.ts': "import '../src/main.ts'\n" },
  'assembly-for-main': {
    'src/assembly/replay.ts': 'export const run = 1\n',
    'bench/bad.ts': "import '../src/assembly/replay.ts'\n",
  },
  'sandbox-on-the-engine': { 'src/sandbox/bad.ts': "import { feed } from '../adapters/market/replay/feed.ts'\n" },
  'backtest-on-ports': { 'src/backtest/bad.ts': "import '../../actors/house.ts'\n" },
  'migrations-not-imported': { 'bench/bad.ts': "import '../migrations/0001.ts'\n" },
  'no-cycles': { 'src/domain/a.ts': "import './b.ts'\n", 'src/domain/b.ts': "import './a.ts'\n" },
  resolvable: { 'bench/bad.ts': "import './nowhere.ts'\n" },
}

it('no layer imports what it may not', async () => {
  const result = await cruised(
    ROOT,
    FOLDERS.filter((folder) => existsSync(join(ROOT, folder))),
  )
  const modules = result.modules.filter(({ source }) => source.endsWith('.ts')).length
  process.stdout.write(`${JSON.stringify({ rules: RULES.length, modules })}\n`)
  expect(breaches(result)).toEqual([])
  expect(modules).toBeGreaterThanOrEqual(MODULES_AT_LEAST)
})

it('a lawful tree breaks no wall', async () => {
  const result = await cruisedWith({})
  expect(breaches(result)).toEqual([])
  expect(result.modules.length).toBeGreaterThan(10)
})

it('there is a breach for every wall', () => {
  expect(Object.keys(BREACHES).sort()).toEqual([...RULES].sort())
})

it.each(Object.entries(BREACHES))(
  'the wall %s reports the breach planted against it, and no other does',
  async (rule, planted) => {
    const { summary } = await cruisedWith(planted)
    expect([...new Set(summary.violations.map((violation) => violation.rule.name))]).toEqual([rule])
  },
)
