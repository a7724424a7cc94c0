/** Reads the configuration folder and the environment; everything that is wrong is said at once. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { renameAliases } from './aliases.ts'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { crossProblems } from './cross-checks.ts'
import { type Environment, isRawMap, pathOf, type Raw, type RawMap, readYaml } from './read-yaml.ts'
import { type Config, filesSchema } from './schema.ts'
import { Secret } from './secret.ts'

const CONFIG_FILES = ['orchestration.yaml', 'portfolio.yaml', 'execution.yaml', 'risk.yaml', 'agents.yaml'] as const

export interface LoadOptions {
  /** Folder of the YAML files; a file that is absent leaves its defaults. */
  readonly dir: string
  readonly env: Environment
  /** By dotted path as in the YAML, e.g. `{ 'execution.mode': 'live' }`; wins over the files. */
  readonly overrides?: Readonly<Record<string, string>>
}

/** Where a path was set. */
type Place = Pick<ConfigProblem, 'file' | 'line'>

interface Gathered {
  readonly tree: RawMap
  readonly places: ReadonlyMap<string, Place>
  readonly problems: readonly ConfigProblem[]
}

/**
 * The configuration, frozen.
 * @throws ConfigError with every problem, each with file, line and path; values are never repeated.
 */
export function loadConfig(options: LoadOptions): Config {
  const gathered = gather(options)
  const renamed = renameAliases(gathered.tree)
  const problems: ConfigProblem[] = [...gathered.problems]
  const placed = (path: string, message: string): ConfigProblem => {
    const written = renamed.writtenAs(path)
    return { ...placeOf(written, gathered.places), path: written, message }
  }
  for (const { path, message } of renamed.problems) problems.push(placed(path, message))
  const parsed = filesSchema.safeParse(renamed.tree)
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues.flatMap(spread)) problems.push(placed(pathOf(path), message))
  }
  for (const { path, message } of crossProblems(renamed.tree, options.env)) problems.push(placed(path, message))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  const databaseUrl = options.env.DATABASE_URL
  return deepFreeze({
    ...parsed.data,
    storage: { databaseUrl: databaseUrl === undefined || databaseUrl === '' ? null : new Secret(databaseUrl) },
  })
}

/** One problem per unknown key; the message without the value. */
function spread(
  issue: z.core.$ZodIssue,
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a known key' }))
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: issue.path, message }))
  }
  return [{ path: issue.path, message: issue.message }]
}

/** Where the path, or the nearest one above it, was written. */
function placeOf(path: string, places: ReadonlyMap<string, Place>): Place {
  if (/^[A-Z_]+$/.test(path)) return { file: 'environment', line: null }
  for (let each = path; each !== ''; each = each.slice(0, Math.max(0, each.lastIndexOf('.')))) {
    const place = places.get(each)
    if (place !== undefined) return place
  }
  return { file: null, line: null }
}

function gather({ dir, env, overrides = {} }: LoadOptions): Gathered {
  const tree: Record<string, Raw> = {}
  const places = new Map<string, Place>()
  const problems: ConfigProblem[] = []
  for (const file of filesIn(dir, problems)) {
    const read = readYaml(file, readFileSync(join(dir, file), 'utf8'), env)
    problems.push(...read.problems)
    for (const [key, value] of Object.entries(read.tree)) {
      const line = read.lines.get(key) ?? null
      const earlier = places.get(key)?.file
      if (earlier === undefined) tree[key] = value
      else problems.push({ file, line, path: key, message: `is already in ${earlier}` })
    }
    for (const [path, line] of read.lines) if (!places.has(path)) places.set(path, { file, line })
  }
  let merged: RawMap = tree
  for (const [path, value] of Object.entries(overrides)) {
    merged = withValue(merged, path.split('.'), value)
    places.set(path, { file: 'override', line: null })
  }
  return { tree: merged, places, problems }
}

function filesIn(dir: string, problems: ConfigProblem[]): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(dir).filter((name) => /\.ya?ml$/.test(name))
  } catch (cause) {
    const message = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
    problems.push({ file: dir, line: null, path: '', message })
    return []
  }
  for (const name of names) {
    if (CONFIG_FILES.some((known) => known === name)) continue
    const message = `is not a known file: there are ${CONFIG_FILES.join(', ')}`
    problems.push({ file: name, line: null, path: '', message })
  }
  return CONFIG_FILES.filter((known) => names.includes(known))
}

function withValue(tree: RawMap, [key, ...rest]: readonly string[], value: string): RawMap {
  if (key === undefined) return tree
  if (rest.length === 0) return { ...tree, [key]: value }
  const below = tree[key]
  return { ...tree, [key]: withValue(isRawMap(below) ? below : {}, rest, value) }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const each of Object.values(value)) deepFreeze(each)
  return Object.freeze(value)
}
