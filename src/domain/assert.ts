/** Ends an exhaustive switch: a new member of the union does not compile until every switch knows it. */
export function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`)
}
