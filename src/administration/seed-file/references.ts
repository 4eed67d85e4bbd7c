/** Whether what a seed file names is there: accounts, groups, endpoints, rights, servers; and whether its parts fit together. */
import type { ClusterKind } from '../../cluster/store/cluster-store.js'
import { seedText } from '../../config/seed-text.js'
import { parseClockSetting } from '../../lab/clock-setting.js'
import { parseFault, parseFaultName } from '../../lab/faults/fault.js'
import type { Known } from '../../lab/faults/match.js'
import { shown } from '../../lab/json-object.js'
import { judgeCluster } from './cluster-references.js'
import type { DirectoryPlan } from './directory-plan.js'
import { createJudge } from './judge.js'
import { rootName, type SeedCluster, type SeedFile } from './seed-file.js'
import type { SeedProblem } from './seed-file-error.js'

/** What a file is judged against. */
export interface SeedSurroundings {
  /** DNS name of the forest where the file names none; undefined: the usual one. */
  readonly forest?: string | undefined
  /** What servers serve, and listeners of balancers. */
  readonly served: Omit<Known, 'clusters' | 'nodes'>
  /** Paths of all endpoints that have access lists. */
  readonly endpoints: (kind: ClusterKind) => readonly string[]
  /** Clusters that the installation has where the file says nothing of them. */
  readonly clusters: readonly { readonly name: string; readonly servers: number }[]
}

export function kindOf({ name, kind }: SeedCluster): ClusterKind {
  return kind ?? (name === rootName ? 'root' : 'licensing')
}

/** @returns all that is wrong */
export function referenceProblems(
  file: SeedFile,
  directory: DirectoryPlan,
  surroundings: SeedSurroundings,
): readonly SeedProblem[] {
  const problems: SeedProblem[] = []
  const judge = createJudge(directory, problems)
  const { say, nobody, attempt } = judge

  requireClusters(file.clusters)
  for (const [index, cluster] of (file.clusters ?? []).entries())
    judgeCluster(judge, cluster, { path: ['clusters', index], endpoints: surroundings.endpoints(kindOf(cluster)) })
  if (file.seed !== undefined) attempt(['seed'], () => seedText(file.seed))
  if (file.clock !== undefined) attempt(['clock'], () => parseClockSetting(file.clock, undefined, 0))
  checkFaults()
  return problems

  function requireClusters(clusters: readonly SeedCluster[] | undefined): void {
    if (clusters === undefined) return
    const root = clusters.find(({ name }) => name === rootName)
    if (root === undefined)
      say(['clusters'], `have no root cluster: an installation has one, and it is called ${rootName}`)
    for (const [index, cluster] of clusters.entries()) {
      const path = ['clusters', index]
      const { name, kind, mode } = cluster
      const first = clusters.findIndex((other) => other.name.toLowerCase() === name.toLowerCase())
      if (first < index)
        say([...path, 'name'], `is ${shown(name)}, and so is that of clusters[${first}]: choose another one`)
      if (kind === 'root' && name !== rootName)
        say([...path, 'name'], `is ${shown(name)}: the root cluster is called ${rootName}`)
      if (kind === 'licensing' && name === rootName)
        say([...path, 'kind'], `is "licensing": the cluster called ${rootName} is the root`)
      if (mode !== undefined && mode !== (root?.mode ?? 2) && name !== rootName)
        say(
          [...path, 'mode'],
          `is ${mode}, and that of the root is ${root?.mode ?? 2}: all clusters of a forest have one mode`,
        )
    }
  }

  function checkFaults(): void {
    const clusters = file.clusters?.map(({ name, servers = 1 }) => ({ name, servers })) ?? surroundings.clusters
    const known = { ...surroundings.served, clusters: clusters.map(({ name }) => name), nodes: serversNamed(clusters) }
    for (const [name, fault] of Object.entries(file.faults ?? {})) {
      const at = ['faults', name]
      attempt(at, () => parseFaultName(name))
      attempt(at, () => {
        for (const user of parseFault(fault, known).match.user ?? [])
          if (directory.find(user, 'account') === undefined) nobody([...at, 'match', 'user'], user, 'account')
      })
    }
  }
}

/** As they are called in an installation that is started. */
export function serversNamed(clusters: SeedSurroundings['clusters']): readonly string[] {
  return clusters.flatMap(({ name, servers }) => Array.from({ length: servers }, (_, at) => `${name}-${at + 1}`))
}
