/** Where the time of a process went: a V8 CPU profile, summed up. */

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  /** Ids of nodes, one for each sample. */
  readonly samples: readonly number[]
  /** Microseconds to the sample before, one for each sample. */
  readonly timeDeltas: readonly number[]
}

interface CallFrame {
  readonly functionName: string
  /** URL of the file, '' for what is built in. */
  readonly url: string
  readonly lineNumber: number
}

export interface SelfTime {
  readonly name: string
  /** Of the time that was not idle. */
  readonly percent: number
}

/**
 * Time spent in functions themselves, without those they call, the most expensive first.
 * @param text of a .cpuprofile file
 * @param by each function alone, or all of a package, folder of src or module of Node together
 */
export function selfTimes(text: string, by: 'function' | 'area'): readonly SelfTime[] {
  const { nodes, samples, timeDeltas } = JSON.parse(text) as CpuProfile
  const names = new Map(nodes.map(({ id, callFrame }) => [id, by === 'area' ? areaOf(callFrame) : nameOf(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? ''
    if (name !== '(idle)') times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .map(([name, time]) => ({ name, percent: (100 * time) / total }))
    .toSorted((left, right) => right.percent - left.percent)
}

function nameOf(frame: CallFrame): string {
  const { functionName, url, lineNumber } = frame
  const name = functionName || '(anonymous)'
  return url === '' ? name : `${name}  ${areaOf(frame)} ${url.split('/').at(-1)}:${lineNumber + 1}`
}

/** `saxes`, `src/xml`, `node:internal/crypto/cipher`; what has no file stands under its own name, or as `built in`. */
function areaOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'built in'
  if (url.startsWith('node:')) return url
  const inPackage = url.split('/node_modules/').at(-1)
  if (inPackage !== undefined && inPackage !== url) return /^(@[^/]+\/)?[^/]+/.exec(inPackage)?.[0] ?? inPackage
  return /\/build\/(src\/[^/]+|[^/]+)/.exec(url)?.[1] ?? url
}
