/** What a database holds: one session, for good. */
import type { Sql } from './sql.ts'

export interface Session {
  readonly kind: 'paper' | 'live' | 'replay'
  /** Describes it, e.g. the account, or a replay's source and settings. */
  readonly key: string
}

/** The database already holds another session: mixing the two would make both worthless. */
export class OtherSessionError extends Error {
  override readonly name = 'OtherSessionError'

  constructor(found: Session, wanted: Session) {
    super(`the database holds the ${found.kind} session "${found.key}", not the ${wanted.kind} session "${wanted.key}"`)
  }
}

const CLAIM = `
insert into session (single, kind, key, claimed_at)
values (true, $1, $2, timestamptz 'epoch' + $3::bigint * interval '1 millisecond')
on conflict (single) do nothing`

/**
 * Marks the database as this session's on its first use, and checks it on every later one.
 * @throws OtherSessionError, DatabaseFailedError
 */
export async function claimSession(sql: Sql, wanted: Session, now: number): Promise<void> {
  await sql.query(CLAIM, [wanted.kind, wanted.key, Math.trunc(now)])
  const [found] = await sql.query<Session>('select kind, key from session')
  if (found !== undefined && (found.kind !== wanted.kind || found.key !== wanted.key)) {
    throw new OtherSessionError(found, wanted)
  }
}
