/** YAML to a tree of texts: scalars keep their source, so that 33.33 never passes through a float. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { ConfigProblem } from './config-error.ts'

/** Every scalar is text; an absent or null value is left out. */
export type Raw = string | readonly Raw[] | { readonly [key: string]: Raw }
export type RawMap = { readonly [key: string]: Raw }
export type Environment = Readonly<Record<string, string | undefined>>

export interface RawFile {
  readonly tree: RawMap
  /** Line of every path that the file sets. */
  readonly lines: ReadonlyMap<string, number>
  readonly problems: readonly ConfigProblem[]
}

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g
const NULLS = ['', '~', 'null', 'Null', 'NULL']

export const isRawMap = (value: Raw | undefined): value is RawMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Dotted path; list items by index. */
export const pathOf = (parts: readonly PropertyKey[]): string => parts.map(String).join('.')

/**
 * `${VAR}` and `${VAR:-default}` replaced. A variable that is unset or empty takes its default; without one the whole
 * value is absent (null), so that `api_key: ${KRAKEN_API_KEY}` costs nothing until somebody needs it.
 */
function substitute(given: string, env: Environment): string | null {
  let absent = false
  const filled = given.replace(VARIABLE, (_match, name: string, fallback: string | undefined) => {
    const value = env[name]
    if (value !== undefined && value !== '') return value
    if (fallback === undefined) absent = true
    return fallback ?? ''
  })
  return absent ? null : filled
}

/** Parses one file; every problem carries its line. */
export function readYaml(file: string, source: string, env: Environment): RawFile {
  const counter = new LineCounter()
  // Without pretty errors the messages do not quote the source, which may hold a secret.
  const document = parseDocument(source, { schema: 'failsafe', lineCounter: counter, prettyErrors: false })
  const lineAt = (offset: number): number => counter.linePos(offset).line
  const lines = new Map<string, number>()
  const problems: ConfigProblem[] = document.errors.map((error) => ({
    file,
    line: lineAt(error.pos[0]),
    path: '',
    message: `is not valid YAML: ${error.message}`,
  }))

  const scalarOf = (node: Node, path: string, value: unknown): Raw | null => {
    const written = String(value ?? '')
    const plain = isScalar(node) && node.type === 'PLAIN'
    if (plain && NULLS.includes(written)) return null
    if (written.replace(VARIABLE, '').includes('${')) {
      problems.push({
        file,
        line: lines.get(path) ?? null,
        path,
        message: 'has a variable that is not written as NAME or NAME:-default in braces after a dollar sign',
      })
    }
    return substitute(written, env)
  }
  const convert = (node: unknown, parts: readonly string[]): Raw | null => {
    const target = isAlias(node) ? node.resolve(document) : node
    if (isMap(target)) {
      const tree: Record<string, Raw> = {}
      for (const { key, value } of target.items) {
        const name = isScalar(key) ? String(key.value) : String(key)
        const below = [...parts, name]
        if (isScalar(key) && key.range) lines.set(pathOf(below), lineAt(key.range[0]))
        const child = value === null ? null : convert(value, below)
        if (child !== null) tree[name] = child
      }
      return tree
    }
    if (isSeq(target)) {
      return target.items.flatMap((item, index) => {
        const child = convert(item, [...parts, String(index)])
        return child === null ? [] : [child]
      })
    }
    return isScalar(target) ? scalarOf(target, pathOf(parts), target.value) : null
  }

  if (problems.length > 0) return { tree: {}, lines, problems }
  const tree = convert(document.contents, []) ?? {}
  if (isRawMap(tree)) return { tree, lines, problems }
  return { tree: {}, lines, problems: [{ file, line: 1, path: '', message: 'must hold keys and values' }] }
}
