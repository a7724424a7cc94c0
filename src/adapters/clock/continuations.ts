/** A turn of the event loop: when it resolves, every promise that could go on has gone on. For simulated clocks. */
export const everyContinuation = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
