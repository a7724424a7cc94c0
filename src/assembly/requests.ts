/** What a person asks of the process of a data folder: heard here, answered with what came of it, and waited for. */
import type { RunningSystem } from '../../actors/start.ts'
import {
  type Answer,
  answerRequest,
  leaveRequest,
  requestPath,
  takeAnswer,
  takeRequest,
} from '../adapters/persistence/folder-requests.ts'
import { withIsoTimes } from '../api/json.ts'
import { REQUESTS, type Request } from '../domain/commands.ts'
import type { Clock } from '../ports/clock.ts'

const LOOK_EVERY_MS = 1_000
const SUBSCRIBER = 'requests'
const BY = 'file'

type Asked = Pick<RunningSystem, 'desk' | 'halt' | 'reset' | 'pause' | 'resume'> & {
  readonly house: Pick<RunningSystem['house'], 'bus'>
}

/**
 * Looks for requests each second, hands them to the coordinator, and answers what it made of them one look later: by
 * then what it set off (a breaker acknowledged) stands in the status. Returns how to stop.
 */
export function hearRequests(folder: string, system: Asked, clock: Clock): () => void {
  const { bus } = system.house
  const asked = new Map<string, { readonly request: Request; readonly id: string }>()
  const outcomes: { readonly request: Request; readonly id: string; readonly refused: string | null }[] = []
  const haltPath = requestPath(folder, 'halt')
  const ask: Readonly<Record<Request, () => void>> = {
    halt: () => system.halt(`the file ${haltPath} exists`, BY),
    reset: () => system.reset(BY),
    pause: () => system.pause(BY),
    resume: () => system.resume(BY),
  }
  bus.subscribe(SUBSCRIBER, 'COORDINATOR_COMMANDS', ({ payload }) => {
    if ((payload.type !== 'command.accepted' && payload.type !== 'command.refused') || payload.by !== BY) return
    const request = asked.get(payload.command)
    if (request === undefined) return
    asked.delete(payload.command)
    outcomes.push({ ...request, refused: payload.type === 'command.refused' ? payload.reason : null })
  })

  let heardHalt: string | null = null
  function isNews(request: Request, id: string | null): id is string {
    if (request !== 'halt') return id !== null
    const isNew = id !== null && id !== heardHalt
    heardHalt = id
    return isNew
  }
  let timer = clock.at(clock.now(), look)
  function look(): void {
    for (const { request, id, refused } of outcomes.splice(0))
      answerRequest(folder, request, { id, refused, trading: withIsoTimes(system.desk.coordinator()) })
    for (const request of REQUESTS) {
      const id = takeRequest(folder, request)
      if (!isNews(request, id)) continue
      asked.set(`${request}-trading`, { request, id })
      ask[request]()
    }
    timer = clock.at(clock.now() + LOOK_EVERY_MS, look)
  }
  return () => {
    timer.cancel()
    bus.unsubscribe(SUBSCRIBER, 'COORDINATOR_COMMANDS')
  }
}

const POLL_MS = 100

/** Leaves a request and waits for its answer until `deadlineMs` have gone by: then null. */
export async function askAndWait(
  folder: string,
  request: Request,
  { id, clock, deadlineMs }: { readonly id: string; readonly clock: Clock; readonly deadlineMs: number },
): Promise<Answer | null> {
  leaveRequest(folder, request, id)
  const dueAt = clock.now() + deadlineMs
  for (;;) {
    const answer = takeAnswer(folder, request, id)
    if (answer !== null || clock.now() >= dueAt) return answer
    await new Promise<void>((resolve) => clock.at(clock.now() + POLL_MS, resolve))
  }
}
