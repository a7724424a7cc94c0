/** Older names and places in the owner's files that mean the same. */
import { TASK_ALIASES } from '../src/domain/tasks.ts'
import { isRawMap, type Raw, type RawMap } from './read-yaml.ts'

export interface Renamed {
  readonly tree: RawMap
  readonly problems: readonly { readonly path: string; readonly message: string }[]
  /** The path as the file writes it, for messages. */
  writtenAs(path: string): string
}

/** `position_limits` and `trailing_stop` stand alone in the owner's text; they belong to `execution`. */
const AT_THE_TOP = ['position_limits', 'trailing_stop'] as const

/** Task aliases under `coordinator.schedules` and blocks at the top brought to the one name that the schema knows. */
export function renameAliases(tree: RawMap): Renamed {
  const problems: { path: string; message: string }[] = []
  const renames = new Map<string, string>()
  const move = (from: RawMap, name: string, to: string, target: RawMap, where: (name: string) => string): RawMap => {
    const value = from[name]
    if (value === undefined) return target
    if (target[to] === undefined) renames.set(where(to), where(name))
    else problems.push({ path: where(name), message: `is given twice: also as ${to}` })
    return { ...target, [to]: target[to] ?? value }
  }

  let renamed = tree
  const coordinator = tree.coordinator
  if (isRawMap(coordinator) && isRawMap(coordinator.schedules)) {
    const given = coordinator.schedules
    const isAlias = ([name]: readonly [string, Raw]): boolean => TASK_ALIASES[name] !== undefined
    let schedules: RawMap = Object.fromEntries(Object.entries(given).filter((entry) => !isAlias(entry)))
    for (const [name, task] of Object.entries(TASK_ALIASES)) {
      schedules = move(given, name, task, schedules, (each) => `coordinator.schedules.${each}`)
    }
    renamed = { ...renamed, coordinator: { ...coordinator, schedules } }
  }
  for (const name of AT_THE_TOP) {
    const { [name]: block, ...rest } = renamed
    const execution = renamed.execution ?? {}
    if (block === undefined || !isRawMap(execution)) continue
    if (execution[name] === undefined) renames.set(`execution.${name}`, name)
    else problems.push({ path: name, message: `is given twice: also as execution.${name}` })
    renamed = { ...rest, execution: { ...execution, [name]: execution[name] ?? block } }
  }
  return {
    tree: renamed,
    problems,
    writtenAs(path) {
      for (const [to, from] of renames) {
        if (path === to || path.startsWith(`${to}.`)) return from + path.slice(to.length)
      }
      return path
    },
  }
}
