import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { asyncContract } from './async.contract.ts'
import { type MakeBus, type MakeFixture, START } from './fixture.ts'
import { expiryContract, historyContract, statisticsContract } from './history.contract.ts'
import { faultContract, orderContract } from './order.contract.ts'
import { overflowContract } from './overflow.contract.ts'
import { envelopeContract, publishContract } from './publish.contract.ts'
import { subscribeContract } from './subscribe.contract.ts'

/** What everybody may rely on, whichever bus is handed in. */
export function busContract(make: MakeBus): void {
  const fixture: MakeFixture = (limits) => {
    const clock = simulatedClock(START)
    return { clock, bus: make(clock, limits) }
  }
  envelopeContract(fixture)
  publishContract(fixture)
  subscribeContract(fixture)
  orderContract(fixture)
  faultContract(fixture)
  asyncContract(fixture)
  overflowContract(fixture)
  expiryContract(fixture)
  historyContract(fixture)
  statisticsContract(fixture)
}
