/**
 * The walls: who may import whom. Each wall names what a layer may import; everything else is a breach. Type-only imports
 * count. test/layers.test.ts runs this over the tree and proves that every wall is alive.
 */

/** A wall around `from`: nothing but what `may` matches may be imported. */
const wall = (name, comment, from, may, except = []) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, ...(except.length > 0 ? { pathNot: except } : {}) },
  to: { pathNot: may },
})

const library = (...names) => names.map((name) => `^node_modules/${name.replace('.', '\\.')}(/|$)`)
const DECIMAL = library('decimal.js')
const XSTATE = library('xstate')
const ANY_LIBRARY = ['^node_modules/']
/** A layer at the edge: its libraries and Node's own modules, and of ours what `may` matches. */
const edge = (name, comment, from, may) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: [may, ...ANY_LIBRARY], dependencyTypesNot: ['core'] },
})
/** An adapter is the first folder below src/adapters: src/adapters/market/* is one. */
const ADAPTER = '^src/adapters/([^/]+)/.+'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    wall('domain-alone', 'The domain imports itself.', '^src/domain/', ['^src/domain/'], ['^src/domain/units\\.ts$']),
    wall('decimals-from-units', 'units.ts alone constructs Decimals.', '^src/domain/units\\.ts$', [
      '^src/domain/',
      ...DECIMAL,
    ]),
    wall('analysis-on-domain', 'Analysis imports the domain and decimal.js.', '^src/analysis/', [
      ...['^src/analysis/', '^src/domain/'],
      ...DECIMAL,
    ]),
    wall('ports-on-domain', 'Ports are interfaces in the language of the domain.', '^src/ports/', [
      '^src/ports/',
      '^src/domain/',
    ]),
    wall('machines-pure', 'Machines decide: XState and the domain, nothing of the world.', '^machines/', [
      ...['^machines/', '^src/domain/'],
      ...XSTATE,
    ]),
    wall('actors-on-ports', 'Actors know the world through ports only.', '^actors/', [
      ...['^actors/', '^machines/', '^src/(domain|analysis|ports)/'],
      ...XSTATE,
    ]),
    edge(
      'adapters-on-ports',
      'An adapter knows its port, the domain and its own libraries.',
      '^src/adapters/',
      '^src/(adapters|domain|ports)/',
    ),
    {
      name: 'adapters-apart',
      comment: 'No adapter knows another; a wire language that two of them speak has a wall of its own.',
      severity: 'error',
      from: { path: ADAPTER },
      to: { path: '^src/adapters/', pathNot: ['^src/adapters/$1/', '^src/adapters/kraken/'] },
    },
    {
      name: 'kraken-language-for-kraken',
      comment: "Kraken's wire language belongs to the adapters that speak with Kraken.",
      severity: 'error',
      from: { path: '^src/adapters/', pathNot: '^src/adapters/((exchange|market)/)?kraken/' },
      to: { path: '^src/adapters/kraken/' },
    },
    {
      name: 'adapters-without-xstate',
      comment: 'Statecharts decide; adapters carry out.',
      severity: 'error',
      from: { path: '^src/adapters/' },
      to: { path: XSTATE },
    },
    edge('api-on-ports', 'The API asks a port, never an actor or adapter.', '^src/api/', '^src/(api|domain|ports)/'),
    edge('cli-on-ports', 'Commands ask a port, never an actor or adapter.', '^src/cli/', '^src/(cli|domain|ports)/'),
    edge('web-on-ports', 'The page knows the API by its words alone.', '^src/web/', '^src/(web|domain|ports)/'),
    edge('config-on-domain', 'Configuration speaks the language of the domain.', '^config/', '^(config|src/domain)/'),
    wall('migrations-alone', 'A migration never changes with the code.', '^migrations/', library('@mikro-orm')),
    {
      name: 'main-not-imported',
      comment: 'Everything meets in main; nobody imports it.',
      severity: 'error',
      from: {},
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'assembly-for-main',
      comment:
        'The assembly is main in several files: it may see everything, and main alone sees it, but for the bench of a live run.',
      severity: 'error',
      from: { pathNot: '^(src/(main\\.ts$|assembly/)|bench/wire\\.ts$)' },
      to: { path: '^src/assembly/' },
    },
    edge(
      'sandbox-on-the-engine',
      'The venue we play knows the one matching engine, and nothing of the system that trades on it.',
      '^src/sandbox/',
      '^src/(sandbox|domain|ports|adapters/exchange/simulated)/',
    ),
    edge(
      'backtest-on-ports',
      'Playing a clock and summing up need ports alone.',
      '^src/backtest/',
      '^src/(backtest|domain|ports)/',
    ),
    {
      name: 'migrations-not-imported',
      comment: 'The migrator loads migrations by their folder.',
      severity: 'error',
      from: { pathNot: '^migrations/' },
      to: { path: '^migrations/' },
    },
    { name: 'no-cycles', comment: 'Nobody needs himself.', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^node_modules/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
    moduleSystems: ['es6'],
  },
}
