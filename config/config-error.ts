/** One thing wrong with the configuration. Messages never repeat a value: it may be a secret. */
export interface ConfigProblem {
  /** File name within the folder; `override` or `environment` where it came from there; null when it is nowhere. */
  readonly file: string | null
  readonly line: number | null
  /** Dotted path as in the YAML, e.g. `execution.orders.max_retry_count`; empty for a whole file. */
  readonly path: string
  readonly message: string
}

const shown = ({ file, line, path, message }: ConfigProblem): string => {
  const place = file === null ? '' : line === null ? `${file}: ` : `${file}:${line}: `
  return `${place}${path === '' ? '' : `${path} `}${message}`
}

/** Everything that is wrong, at once; one line a problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(
      `the configuration has ${problems.length} problem(s):\n${problems.map((each) => `  ${shown(each)}`).join('\n')}`,
    )
    this.problems = problems
  }
}
