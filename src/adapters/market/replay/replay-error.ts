/** What can be wrong with the input of a replay. */
export type ReplayProblem =
  | 'source-missing'
  | 'bad-name'
  | 'overlap'
  | 'no-data'
  | 'malformed-line'
  | 'not-ascending'
  | 'unreadable'
  | 'bad-request'

/** Bad replay input, in one line that says which file, which line and what to do. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError'
  readonly problem: ReplayProblem
  /** File name and line number where one is to blame. */
  readonly file: string | null
  readonly line: number | null

  constructor(problem: ReplayProblem, message: string, file: string | null = null, line: number | null = null) {
    super(message)
    this.problem = problem
    this.file = file
    this.line = line
  }
}
