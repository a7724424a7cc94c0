import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Bytes of the heap that something still holds. */
export function heldBytes(): number {
  if (typeof collect !== 'function') throw new Error('this Node has no collector that can be called')
  collect()
  return process.memoryUsage().heapUsed
}
