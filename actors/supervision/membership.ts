/** Children that come and go while a pool runs. A request that cannot be met is reported, never thrown. */
import { type ChildSpec, problemsOfChild } from './child-spec.ts'
import { dismiss, startInOrder } from './incarnation.ts'
import { enlist, reportChild, type Supervision, type SupervisorScope } from './roster.ts'

/** Starts one more child, or reports why not. */
export function spawnChild(supervision: Supervision, spec: ChildSpec, scope: SupervisorScope): void {
  const problems = reasonsAgainst(supervision, spec, scope)
  if (problems.length > 0) {
    reportChild(supervision, String(spec?.id), { type: 'child.refused', problems })
    return
  }
  enlist(supervision, spec)
  startInOrder(scope, supervision, [spec.id], null)
}

function reasonsAgainst(supervision: Supervision, spec: ChildSpec, scope: SupervisorScope): readonly string[] {
  if (supervision.draining !== null) return [`${supervision.rules.name} is draining`]
  if (typeof spec !== 'object' || spec === null) return ['there is no child spec']
  const problems = [...problemsOfChild(spec)]
  if (supervision.roster.has(spec.id)) problems.push(`child id '${spec.id}' is already used`)
  if (spec.systemId !== undefined && scope.system.get(spec.systemId) !== undefined) {
    problems.push(`systemId '${spec.systemId}' is already used`)
  }
  return problems
}

/** Stops one child with everything beneath it and forgets it, or reports that there is none. */
export function stopMember(supervision: Supervision, id: string, scope: SupervisorScope): void {
  const child = supervision.roster.get(id)
  if (child === undefined)
    reportChild(supervision, id, { type: 'child.refused', problems: [`there is no child '${id}'`] })
  else dismiss(scope, supervision, child, 'command')
}
