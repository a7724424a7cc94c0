import { explore } from './explore.ts'
for (const name of process.argv.slice(2)) {
  const mod = await import(`./${name}.paths.ts`)
  const m = Object.values(mod).find((x: any) => x?.machine && x.abstract) as any
  const t = Date.now()
  const r = explore(m)
  const missing = r.transitions.filter(x => !r.taken.has(x))
  console.log(r.machine, {ms: Date.now()-t, reached: r.reached, sent: r.sent, transitions: r.transitions.length, taken: r.taken.size, missing, nodesMissing: r.nodes.filter(n=>!r.reachedNodes.has(n)), req: m.required.filter((n:string)=>!r.reachedNodes.has(n)), extra:[...r.taken].filter(x=>!r.transitions.includes(x))})
  console.log(r.unhandled, r.thrown.slice(0,5), r.broken.length, r.broken.slice(0,12).map(x=>x.slice(0,900)))
}
