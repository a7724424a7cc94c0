/** A machine as a Markdown page: what it is for, a Mermaid `stateDiagram-v2`, and its states in words. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'

const DONE = 'xstate.done.state.'

/** Mermaid reads letters, digits and underscores in a state's name. */
const nameOf = (node: AnyStateNode): string => node.path.join('_').replaceAll(/[^A-Za-z0-9_]/g, '_')
const isRoot = (node: AnyStateNode): boolean => node.path.length === 0
const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states)
const below = (node: AnyStateNode): AnyStateNode[] => childrenOf(node).flatMap((child) => [child, ...below(child)])

/** The words among a guard's params that are the same whatever was heard: the name of a deadline, a level. */
function constantsOf(params: unknown): string[] {
  const given: unknown =
    typeof params === 'function' ? whenNothingIsHeard(() => params({ context: {}, event: {} })) : params
  if (typeof given !== 'object' || given === null) return []
  return Object.values(given).filter((value) => typeof value === 'string')
}

/** Params that read deeper into an event than its first level have no constants to show. */
function whenNothingIsHeard(params: () => unknown): unknown {
  try {
    return params()
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** A guard's name and constants: `isDue protect`. */
function guardText(guard: AnyTransitionDefinition['guard']): string | null {
  if (guard === undefined || guard === null) return null
  if (typeof guard === 'string') return guard
  if (typeof guard === 'function') return 'judged in place'
  const { type, params } = guard as { type: string; params?: unknown }
  return [type, ...constantsOf(params)].join(' ')
}

function eventText(eventType: string): string {
  if (eventType === '') return 'always'
  return eventType.startsWith(DONE) ? 'done' : eventType
}

const escaped = (text: string): string => text.replaceAll(':', ' ').replaceAll(';', ',')

function label({ eventType, guard }: AnyTransitionDefinition): string {
  const condition = guardText(guard)
  return escaped(condition === null ? eventText(eventType) : `${eventText(eventType)} [${condition}]`)
}

const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] =>
  [...node.transitions.values(), node.always ?? []].flat()

/** Arrows of one node, those with the same ends under one label; what stays inside a state is not drawn. */
function arrows(node: AnyStateNode): string[] {
  const labels = new Map<string, Set<string>>()
  for (const transition of transitionsOf(node)) {
    for (const target of transition.target ?? []) {
      if (isRoot(node)) continue
      const ends = `${nameOf(node)} --> ${nameOf(target)}`
      labels.set(ends, (labels.get(ends) ?? new Set()).add(label(transition)))
    }
  }
  return [...labels].map(([ends, texts]) => `${ends}: ${[...texts].join(' / ')}`)
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`)

/** A state and all within it; the regions of a parallel state are parted by `--`. */
function drawState(node: AnyStateNode): string[] {
  const name = nameOf(node)
  const children = childrenOf(node)
  if (children.length === 0) {
    const end = node.type === 'final' ? [`${name} --> [*]`] : []
    return [`state "${node.key}" as ${name}`, ...end]
  }
  return [`state "${node.key}" as ${name} {`, ...indented(drawInside(node)), '}']
}

function drawInside(node: AnyStateNode): string[] {
  const children = childrenOf(node)
  if (node.type === 'parallel')
    return children.flatMap((region, index) => [...(index === 0 ? [] : ['--']), ...drawState(region)])
  const first = [...(node.initial?.target ?? [])].map((target) => `[*] --> ${nameOf(target)}`)
  return [...first, ...children.flatMap(drawState)]
}

function drawing(root: AnyStateNode): string[] {
  const inside =
    root.type === 'parallel'
      ? [`state "${root.key}" as ${root.key.replaceAll('-', '_')}_ {`, ...indented(drawInside(root)), '}']
      : drawInside(root)
  return ['stateDiagram-v2', ...indented([...inside, ...below(root).flatMap(arrows)])]
}

const inTable = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** Events that a state answers without leaving it, so that the table tells what the drawing leaves out. */
function answers(node: AnyStateNode): string {
  const staying = transitionsOf(node).filter(({ target, eventType }) => target === undefined && eventType !== '')
  return [...new Set(staying.map(({ eventType }) => `\`${eventText(eventType)}\``))].join(', ')
}

function table(root: AnyStateNode): string[] {
  const rows = below(root).map(
    (node) => `| \`${node.path.join('.')}\` | ${inTable(node.description ?? '')} | ${answers(node)} |`,
  )
  return ['| state | what it means | answers without leaving |', '|---|---|---|', ...rows]
}

/** The whole page; the same machine always gives the same text. */
export function drawMachine(machine: AnyStateMachine, source: string): string {
  const { root } = machine
  const states = below(root).length
  const transitions = [root, ...below(root)].flatMap(transitionsOf).length
  return [
    `# ${machine.id}`,
    '',
    root.description ?? '',
    '',
    `Drawn from \`${source}\` by \`npm run diagrams\`; ${states} states, ${transitions} transitions. Do not edit.`,
    '',
    '```mermaid',
    ...drawing(root),
    '```',
    '',
    ...table(root),
    '',
  ].join('\n')
}
