/** Questions to a running process, over its API. */
import type { Command } from 'commander'
import { z } from 'zod'
import { portArgument, urlArgument } from './arguments.ts'
import { refuse } from './exit.ts'
import { CliError, type CliParts, DEFAULT_PORT } from './parts.ts'

export interface AskArguments {
  readonly url?: string
  readonly port?: number
  readonly json?: boolean
}

/** The options that every question has. */
export const addAskOptions = (command: Command): Command =>
  command
    .option('--port <port>', `port of the running process on this machine (default: ${DEFAULT_PORT})`, portArgument)
    .option('--url <url>', 'its whole address instead', urlArgument)
    .option('--json', 'print the answer as JSON')

export function baseUrl(command: Command, { url, port }: AskArguments): string {
  if (url !== undefined && port !== undefined) refuse(command, 'give either --url or --port')
  return url ?? `http://127.0.0.1:${port ?? DEFAULT_PORT}`
}

const problemShape = z.object({ title: z.string(), detail: z.string() })

/** `ECONNREFUSED` and the like, which fetch hides in the cause. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  if (thrown.name === 'TimeoutError') return 'no answer in time'
  const { cause } = thrown
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return thrown.message
}

interface Told {
  readonly ok: boolean
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** @throws CliError when nothing answers. */
async function told(parts: CliParts, base: string, path: string): Promise<Told> {
  try {
    const response = await parts.fetch(`${base}${path}`)
    const { ok, status, headers } = response
    return { ok, status, headers, text: await response.text() }
  } catch (thrown) {
    throw new CliError(`nothing answers at ${base} (${reasonOf(thrown)}): is it running? See --port and --url`)
  }
}

function jsonOf(base: string, { status, text }: Told): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError(`what answers at ${base} is not TripleGain (status ${status}, no JSON)`)
  }
}

/** Why the process refuses, in its own words where it has any. */
function refusal(base: string, body: unknown): CliError {
  const problem = problemShape.safeParse(body)
  if (problem.success) return new CliError(`${problem.data.title}: ${problem.data.detail}`)
  return new CliError(`what answers at ${base} is not TripleGain, or of another version`)
}

/**
 * The answer to a GET, checked.
 * @throws CliError when nothing answers, it is something else, or it refuses.
 */
export async function ask<S extends z.ZodType>(
  parts: CliParts,
  base: string,
  path: string,
  shape: S,
): Promise<z.output<S>> {
  const answer = await told(parts, base, path)
  const body = jsonOf(base, answer)
  const parsed = shape.safeParse(body)
  if (!answer.ok || !parsed.success) throw refusal(base, answer.ok ? null : body)
  return parsed.data
}

const NEXT = /<([^>]+)>; rel="next"/

/**
 * The lines of a list as CSV, page after page to its end; the header line once. A broken line inside a cell is two lines
 * here, so that joined again with CR LF they are what was sent.
 * @throws CliError as `ask` does.
 */
export async function* csvLines(parts: CliParts, base: string, firstPath: string): AsyncGenerator<string> {
  for (let path: string | null = firstPath, isFirst = true; path !== null; isFirst = false) {
    const answer = await told(parts, base, path)
    const isCsv = answer.ok && answer.headers.get('content-type')?.startsWith('text/csv') === true
    if (!isCsv) throw refusal(base, jsonOf(base, answer))
    const lines = answer.text.replace(/\r\n$/, '').split('\r\n')
    yield* isFirst ? lines : lines.slice(1)
    path = NEXT.exec(answer.headers.get('link') ?? '')?.[1] ?? null
  }
}

/** `?a=b&c=d` of what is given. */
export function queryOf(filters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, value)
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
