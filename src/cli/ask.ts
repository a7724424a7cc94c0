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

async function answerOf(parts: CliParts, base: string, path: string): Promise<{ ok: boolean; body: unknown }> {
  let response: Response
  let body: string
  try {
    response = await parts.fetch(`${base}${path}`)
    body = await response.text()
  } catch (thrown) {
    throw new CliError(`nothing answers at ${base} (${reasonOf(thrown)}): is it running? See --port and --url`)
  }
  try {
    return { ok: response.ok, body: JSON.parse(body) }
  } catch {
    throw new CliError(`what answers at ${base} is not TripleGain (status ${response.status}, no JSON)`)
  }
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
  const { ok, body } = await answerOf(parts, base, path)
  if (!ok) {
    const problem = problemShape.safeParse(body)
    if (problem.success) throw new CliError(`${problem.data.title}: ${problem.data.detail}`)
  }
  const parsed = shape.safeParse(body)
  if (!ok || !parsed.success) throw new CliError(`what answers at ${base} is not TripleGain, or of another version`)
  return parsed.data
}

/** `?a=b&c=d` of what is given. */
export function queryOf(filters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, value)
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
