/**
 * Files by which a person asks something of the process of a data folder, with its API down too, and hears what came of
 * it: the request holds an id, and its answer names that id. One made by hand may be empty.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Request } from '../../domain/commands.ts'

export interface Answer {
  readonly id: string
  /** Why it was refused; null when it was not. */
  readonly refused: string | null
  /** What trading does since, as the API tells it. */
  readonly trading: unknown
}

/** What a newer word takes back where it was not heard yet. A halt stands as long as its file does. */
const TAKES_BACK: Readonly<Record<Request, readonly Request[]>> = {
  ...{ halt: ['reset'], reset: ['halt'], pause: ['resume'], resume: ['pause'] },
}

const answerPath = (folder: string, request: Request): string => `${requestPath(folder, request)}.answer`

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw cause
  }
}

/** In one step, so that nobody reads half of it. */
function write(path: string, id: string, content: string): void {
  const draft = `${path}.${id}`
  writeFileSync(draft, content)
  renameSync(draft, path)
}

/** `HALT`, `RESET`, `PAUSE` and `RESUME` in the folder: to be made by hand too. */
export const requestPath = (folder: string, request: Request): string => join(folder, request.toUpperCase())

/** Leaves a request for the process of the folder: it is heard within a second, or at the next start. */
export function leaveRequest(folder: string, request: Request, id: string): void {
  for (const unheard of TAKES_BACK[request]) rmSync(requestPath(folder, unheard), { force: true })
  write(requestPath(folder, request), id, id)
}

/** The id of what is asked, null when nothing is. It is taken, so that it counts once; a halt's file stays. */
export function takeRequest(folder: string, request: Request): string | null {
  const id = contentOf(requestPath(folder, request))
  if (id !== null && request !== 'halt') rmSync(requestPath(folder, request), { force: true })
  return id
}

export function answerRequest(folder: string, request: Request, answer: Answer): void {
  if (answer.id !== '') write(answerPath(folder, request), answer.id, JSON.stringify(answer))
}

/** The answer to this id, once; null while there is none. */
export function takeAnswer(folder: string, request: Request, id: string): Answer | null {
  const content = contentOf(answerPath(folder, request))
  const answer = content === null ? null : (JSON.parse(content) as Answer)
  if (answer === null || answer.id !== id) return null
  rmSync(answerPath(folder, request), { force: true })
  return answer
}
