/** Keeps secrets out of the log: by the name of the field, and by what they look like inside a text. */

const REDACTED = '[redacted]'
/** Deeper than anything worth a log line; also ends a structure that contains itself. */
const DEEPEST = 8

/** Names without case and separators. `tokens`, a count, is no secret; neither is `key`, the name of an intention. */
const SECRET_NAME =
  /(?:apikey|apisecret|apisign|secret|secretkey|privatekey|password|passwd|passphrase|token|authorization|cookie)$/

const isSecretName = (name: string): boolean => SECRET_NAME.test(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))

/** `scheme://user:password@`: all up to the last @ before a blank or quote, since a careless password may hold either. */
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*):[^\s"']*@/gi
const ASSIGNED_SECRET =
  /\b((?:[a-z0-9]+[-_])*(?:api[-_]?key|api[-_]?secret|api[-_]?sign|secret|password|passwd|token))=[^\s&"',;]+/gi
const BEARER = /\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi

/** The text with passwords in URLs, `password=…` and bearer tokens taken out. */
export function redactText(text: string): string {
  return text
    .replace(URL_PASSWORD, `$1:${REDACTED}@`)
    .replace(ASSIGNED_SECRET, `$1=${REDACTED}`)
    .replace(BEARER, `$1 ${REDACTED}`)
}

/** An error as fields: its own (message, stack, cause), its name, and what its class added (codes, details). */
function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { message, stack, cause } = error
  return redactFields({ ...error, name: error.name, message, stack, cause }, depth)
}

function redactObject(value: object, depth: number): unknown {
  if (depth > DEEPEST) return '[too deep]'
  if (value instanceof Error) return errorFields(value, depth)
  if ('toJSON' in value && typeof value.toJSON === 'function') return redactValue(value.toJSON(), depth + 1)
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  if (value instanceof Map) return redactFields(Object.fromEntries(value), depth)
  if (value instanceof Set) return [...value].map((item) => redactValue(item, depth + 1))
  return redactFields(value, depth)
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'object' && value !== null ? redactObject(value, depth) : value
}

/** A copy that may be written down. Whether a secret is set at all stays visible: null, empty, true and false are kept. */
export function redactFields(fields: object, depth = 0): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const shown = value === null || value === '' || typeof value === 'boolean'
    safe[name] = !shown && isSecretName(name) ? REDACTED : redactValue(value, depth + 1)
  }
  return safe
}
