import { explore } from '/work/main/test/machines/paths/explore.ts'
import * as C from '/work/main/test/machines/paths/coordinator.paths.ts'
import * as S from '/work/main/test/machines/paths/system.paths.ts'
import * as O from '/work/main/test/machines/paths/order.paths.ts'
import * as K from '/work/main/test/machines/paths/connection.paths.ts'
import * as P from '/work/main/test/machines/paths/position.paths.ts'
import * as R from '/work/main/test/machines/paths/rebalance-plan.paths.ts'
for (const m of [S.systemPaths, C.coordinatorPaths, O.orderPaths, K.connectionPaths, P.positionPaths, R.rebalancePlanPaths].filter(m => !process.argv[2] || process.argv.includes(m.machine.id))) {
  const t = Date.now()
  const r = explore(m as never)
  const missing = r.transitions.filter(x => !r.taken.has(x))
  console.log(r.machine, {ms: Date.now()-t, reached: r.reached, sent: r.sent, transitions: r.transitions.length, taken: r.taken.size, missing, nodesMissing: r.nodes.filter(n=>!r.reachedNodes.has(n)), req: m.required.filter(n=>!r.reachedNodes.has(n)), extra:[...r.taken].filter(x=>!r.transitions.includes(x))})
  console.log(r.unhandled, r.thrown.slice(0,5), r.broken.length, r.broken.slice(0,12))
}
