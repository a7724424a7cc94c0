/** Run as a process of its own: takes the folder given, says so, and holds it until it is killed. */
import { realClock } from '../../../src/adapters/clock/real.ts'
import { DataFolder } from '../../../src/adapters/persistence/data-folder.ts'

const folder = DataFolder.open(process.argv[2] ?? '', realClock(), { next: () => 'id of the child' })
process.stdout.write(`holding ${folder.id}\n`)
process.stdin.resume()
