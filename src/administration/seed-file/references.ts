/** Whether what a seed file names is there: accounts, groups, endpoints, rights, servers; and whether its parts fit together. */
import { nearest } from '../../config/nearest.js'
import type { ClusterKind } from '../../cluster/store/cluster-store.js'
import { seedForest } from '../../directory/seed.js'
import { anonymousName, endpointsNamed } from '../../identity/access.js'
import { parseClockSetting } from '../../lab/clock-setting.js'
import { parseFault, parseFaultName } from '../../lab/faults/fault.js'
import type { Known } from '../../lab/faults/match.js'
import { shown } from '../../lab/json-object.js'
import { parseInstant } from '../../lab/instant.js'
import { plainAddress } from '../../mail-address.js'
import { knownRights } from '../../xrml/rights.js'
import { readDocuments } from '../../xrml/document.js'
import { applicationExclusion } from '../exclusion.js'
import { requireLicensorChain } from '../licensor-chain.js'
import { requireTemplateForm } from '../templates.js'
import type { DirectoryPlan } from './directory-plan.js'
import { rootName, type SeedCluster, type SeedFile, type SeedTemplate } from './seed-file.js'
import { isAboutInput, pathText, type SeedPath, type SeedProblem } from './seed-file-error.js'

/** What a file is judged against. */
export interface SeedSurroundings {
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

/** As they are compared and stored. */
export function guidOf({ guid }: Pick<SeedTemplate, 'guid'>): string {
  return `{${guid.replace(/[{}]/g, '').toLowerCase()}}`
}

/** @returns all that is wrong */
export function referenceProblems(
  file: SeedFile,
  directory: DirectoryPlan,
  surroundings: SeedSurroundings,
): readonly SeedProblem[] {
  const problems: SeedProblem[] = []
  const say = (path: SeedPath, what: string, isKey = false): void => {
    problems.push({ path, message: `${pathText(path)} ${what}`, isKey })
  }
  const attempt = (path: SeedPath, check: () => unknown): void => {
    try {
      check()
    } catch (error) {
      if (!isAboutInput(error)) throw error
      problems.push({ path, message: `${pathText(path)}: ${error.message}` })
    }
  }
  const nobody = (path: SeedPath, name: string, what = 'account or group'): void =>
    say(path, `is ${shown(name)}, and there is no such ${what}: ${directory.hint(name)}`)

  requireClusters(file.clusters)
  for (const [index, cluster] of (file.clusters ?? []).entries()) checkCluster(cluster, ['clusters', index])
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

  function checkCluster(cluster: SeedCluster, path: SeedPath): void {
    const { templates = [], superUsers, exclusion, access = {}, trust } = cluster
    const guids = templates.map(guidOf)
    for (const [index, template] of templates.entries()) {
      const at = [...path, 'templates', index]
      if (!/^\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/.test(guids[index] ?? ''))
        say(
          [...at, 'guid'],
          `is ${shown(template.guid)}, which is no GUID: write one as 9a23d98e-4449-4ba5-812a-f30808f3cb16`,
        )
      else if (guids.indexOf(guids[index] ?? '') < index)
        say(
          [...at, 'guid'],
          `is ${template.guid}, and so is that of templates[${guids.indexOf(guids[index] ?? '')}]: choose another one`,
        )
      checkTemplate(template, at)
    }
    if (superUsers !== undefined) {
      const at = [...path, 'superUsers', 'group']
      const mail = plainAddress(superUsers.group)
      if (!mail.includes('@') || directory.find(mail, 'group') === undefined) nobody(at, superUsers.group, 'group')
    }
    for (const [index, application] of (exclusion?.applications ?? []).entries())
      attempt([...path, 'exclusion', 'applications', index], () => applicationExclusion(application))
    for (const [index, { since }] of (exclusion?.accounts ?? []).entries())
      if (since !== undefined)
        attempt([...path, 'exclusion', 'accounts', index, 'since'], () => parseInstant(since, 'It'))
    const endpoints = surroundings.endpoints(kindOf(cluster))
    for (const [endpoint, names] of Object.entries(access)) {
      const at = [...path, 'access', endpoint]
      const found = endpointsNamed(endpoint, endpoints)
      if (found.length === 0) {
        const meant = nearest(
          endpoint,
          endpoints.flatMap((one) => [one, ending(one)]),
        )
        say(
          at,
          `is no endpoint: ${meant === undefined ? `there are ${endpoints.join(', ')}` : `did you mean "${meant}"?`}`,
          true,
        )
      } else if (found.length > 1) say(at, `may be ${found.join(' or ')}: give the path`, true)
      for (const [index, name] of (names === 'everybody' ? [] : names).entries())
        if (name.toUpperCase() !== anonymousName && directory.find(name) === undefined) nobody([...at, index], name)
    }
    for (const [index, domain] of (trust?.userDomains ?? []).entries())
      if ('certificate' in domain)
        attempt([...path, 'trust', 'userDomains', index, 'certificate'], () =>
          requireLicensorChain(() => readDocuments(domain.certificate)),
        )
    const forests = (trust?.forests ?? []).map(({ domain }) => domain.toLowerCase())
    for (const [index, forest] of (trust?.forests ?? []).entries()) {
      const at = [...path, 'trust', 'forests', index]
      const domain = forests[index] ?? ''
      if (domain === seedForest.dnsName) say([...at, 'domain'], `is ${domain}, the own forest: its directory is here`)
      if (forests.indexOf(domain) < index) say([...at, 'domain'], `is ${domain}, which stands there already`)
      if ((forest.user === undefined) !== (forest.password === undefined))
        say(at, 'must have user and password, or neither')
    }
  }

  function checkTemplate(template: SeedTemplate, path: SeedPath): void {
    attempt(path, () => requireTemplateForm(template))
    const custom = template.customRights ?? []
    for (const [index, { to, rights, known = true }] of template.grants.entries()) {
      const at = [...path, 'grants', index]
      const isOurs = to.toLowerCase().endsWith(`@${seedForest.dnsName}`)
      if (known && isOurs && !directory.hasAddress(to))
        say(
          [...at, 'to'],
          `is ${shown(to)}, and nobody has that address: ${directory.hint(to)} If nobody is to have it, add known: false`,
        )
      for (const [position, right] of rights.entries()) {
        if (knownRights.includes(right) || custom.includes(right)) continue
        const meant = nearest(right, knownRights)
        const hint = meant === undefined ? `there are ${knownRights.join(', ')}.` : `did you mean "${meant}"?`
        say(
          [...at, 'rights', position],
          `is ${shown(right)}, which is no right: ${hint} One of an application is listed in customRights`,
        )
      }
    }
  }

  function checkFaults(): void {
    const clusters = file.clusters?.map(({ name, servers = 1 }) => ({ name, servers })) ?? surroundings.clusters
    const nodes = clusters.flatMap(({ name, servers }) =>
      Array.from({ length: servers }, (_, at) => `${name}-${at + 1}`),
    )
    const known = { ...surroundings.served, clusters: clusters.map(({ name }) => name), nodes }
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

function ending(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.asmx$/, '')
}
