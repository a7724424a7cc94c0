/** Names of this machine, as seen from itself. */
const NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1', '[::1]']

export const isLoopbackName = (name: string): boolean => NAMES.includes(name.toLowerCase())

/** Of a Host header: the name with or without a port. */
export const isLoopbackHost = (host: string): boolean => isLoopbackName(host.replace(/:\d+$/, ''))
