/** One WebSocket line to Kraken, up to the text of its frames. */
import { type ClientOptions, WebSocket } from 'ws'

export interface LineListener {
  onOpen(): void
  onText(text: string): void
  /** Once, when the line is gone for a reason of its own. `banned`: the venue's front door turned the address away. */
  onEnd(reason: string, banned: boolean): void
}

export interface Line {
  /** False, and nothing sent, while the line is not open. */
  send(text: string): boolean
  /** Lets go without a word: the listener hears nothing more. */
  drop(): void
}

/** The largest snapshot is well below; anything above is not a frame of Kraken. */
const CLIENT_OPTIONS: ClientOptions = { maxPayload: 16 * 1024 * 1024, perMessageDeflate: false }

/** HTTP answers with which the front door turns an address away. */
const BANNED_ANSWERS: ReadonlySet<number> = new Set([403, 429])

/** Opens a line. Trouble on the wire is told as its end, never thrown; the listener is not called from here. */
export function openLine(url: string, listener: LineListener): Line {
  const socket = new WebSocket(url, CLIENT_OPTIONS)
  let isOurs = true
  let problem: string | null = null
  let banned = false
  socket.on('open', () => {
    if (isOurs) listener.onOpen()
  })
  socket.on('message', (data) => {
    if (isOurs) listener.onText(data.toString())
  })
  socket.on('unexpected-response', (_request, response) => {
    problem = `the venue answered HTTP ${response.statusCode}`
    banned = BANNED_ANSWERS.has(response.statusCode ?? 0)
    socket.terminate()
  })
  socket.on('error', (error) => {
    problem ??= error.message
  })
  socket.on('close', (code, reason) => {
    if (!isOurs) return
    isOurs = false
    listener.onEnd(problem ?? `closed by the venue (${code}${reason.length > 0 ? ` ${reason}` : ''})`, banned)
  })
  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false
      socket.send(text)
      return true
    },
    drop() {
      isOurs = false
      socket.terminate()
    },
  }
}
