/** Whether what a seed file says of a cluster can be: who and what is named is there, and its parts fit together. */
import { nearest } from '../../config/nearest.js'
import { anonymousName, endpointsNamed } from '../../identity/access.js'
import { parseInstant } from '../../lab/instant.js'
import { shown } from '../../lab/json-object.js'
import { plainAddress } from '../../mail-address.js'
import { readDocuments } from '../../xrml/document.js'
import { knownRights } from '../../xrml/rights.js'
import { applicationExclusion } from '../exclusion.js'
import { requireLicensorChain } from '../licensor-chain.js'
import { requireTemplateForm } from '../templates.js'
import type { Judge } from './judge.js'
import type { SeedCluster, SeedTemplate } from './seed-file.js'
import type { SeedPath } from './seed-file-error.js'

/** As they are compared and stored. */
export function guidOf({ guid }: Pick<SeedTemplate, 'guid'>): string {
  return `{${guid.replace(/[{}]/g, '').toLowerCase()}}`
}

interface Position {
  readonly path: SeedPath
  /** Of the cluster. */
  readonly endpoints: readonly string[]
}

export function judgeCluster(judge: Judge, cluster: SeedCluster, { path, endpoints }: Position): void {
  judgeTemplates(judge, cluster.templates ?? [], path)
  judgeSuperUsers(judge, cluster, path)
  judgeExclusion(judge, cluster, path)
  for (const [endpoint, names] of Object.entries(cluster.access ?? {}))
    judgeAccess(judge, names === 'everybody' ? [] : names, { path: [...path, 'access', endpoint], endpoint, endpoints })
  judgeTrust(judge, cluster, path)
}

const guidForm = /^\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/

function judgeTemplates(judge: Judge, templates: readonly SeedTemplate[], path: SeedPath): void {
  const guids = templates.map(guidOf)
  for (const [index, template] of templates.entries()) {
    const at = [...path, 'templates', index]
    const guid = guids[index] ?? ''
    const first = guids.indexOf(guid)
    if (!guidForm.test(guid))
      judge.say(
        [...at, 'guid'],
        `is ${shown(template.guid)}, which is no GUID: write one as 9a23d98e-4449-4ba5-812a-f30808f3cb16`,
      )
    else if (first < index)
      judge.say([...at, 'guid'], `is ${template.guid}, and so is that of templates[${first}]: choose another one`)
    judge.attempt(at, () => requireTemplateForm(template))
    judgeGrants(judge, template, at)
  }
}

function judgeGrants({ say, directory }: Judge, { grants, customRights = [] }: SeedTemplate, path: SeedPath): void {
  for (const [index, { to, rights, known = true }] of grants.entries()) {
    const at = [...path, 'grants', index]
    const isOurs = to.toLowerCase().endsWith(`@${directory.forest.dnsName}`)
    if (known && isOurs && !directory.hasAddress(to))
      say(
        [...at, 'to'],
        `is ${shown(to)}, and nobody has that address: ${directory.hint(to)} If nobody is to have it, add known: false`,
      )
    for (const [position, right] of rights.entries()) {
      if (knownRights.includes(right) || customRights.includes(right)) continue
      const meant = nearest(right, knownRights)
      const hint = meant === undefined ? `there are ${knownRights.join(', ')}.` : `did you mean "${meant}"?`
      say(
        [...at, 'rights', position],
        `is ${shown(right)}, which is no right: ${hint} One of an application is listed in customRights`,
      )
    }
  }
}

function judgeSuperUsers({ nobody, directory }: Judge, { superUsers }: SeedCluster, path: SeedPath): void {
  if (superUsers === undefined || directory.groupWith(plainAddress(superUsers.group))) return
  nobody([...path, 'superUsers', 'group'], superUsers.group, 'group')
}

function judgeExclusion({ attempt }: Judge, { exclusion = {} }: SeedCluster, path: SeedPath): void {
  for (const [index, application] of (exclusion.applications ?? []).entries())
    attempt([...path, 'exclusion', 'applications', index], () => applicationExclusion(application))
  for (const [index, { since }] of (exclusion.accounts ?? []).entries())
    if (since !== undefined)
      attempt([...path, 'exclusion', 'accounts', index, 'since'], () => parseInstant(since, '"since"'))
}

function judgeAccess(
  { say, nobody, directory }: Judge,
  names: readonly string[],
  { path, endpoint, endpoints }: Position & { readonly endpoint: string },
): void {
  const found = endpointsNamed(endpoint, endpoints)
  if (found.length === 0) {
    const meant = nearest(
      endpoint,
      endpoints.flatMap((one) => [one, ending(one)]),
    )
    say(
      path,
      `is no endpoint: ${meant === undefined ? `there are ${endpoints.join(', ')}` : `did you mean "${meant}"?`}`,
      true,
    )
  } else if (found.length > 1) say(path, `may be ${found.join(' or ')}: give the path`, true)
  for (const [index, name] of names.entries())
    if (name.toUpperCase() !== anonymousName && directory.find(name) === undefined) nobody([...path, index], name)
}

function ending(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.asmx$/, '')
}

function judgeTrust({ say, attempt, directory }: Judge, { trust = {} }: SeedCluster, path: SeedPath): void {
  for (const [index, domain] of (trust.userDomains ?? []).entries())
    if ('certificate' in domain)
      attempt([...path, 'trust', 'userDomains', index, 'certificate'], () =>
        requireLicensorChain(() => readDocuments(domain.certificate)),
      )
  const domains = (trust.forests ?? []).map(({ domain }) => domain.toLowerCase())
  for (const [index, { user, password }] of (trust.forests ?? []).entries()) {
    const at = [...path, 'trust', 'forests', index]
    const domain = domains[index] ?? ''
    if (domain === directory.forest.dnsName)
      say([...at, 'domain'], `is ${domain}, the own forest: its directory is here`)
    if (domains.indexOf(domain) < index) say([...at, 'domain'], `is ${domain}, which stands there already`)
    if ((user === undefined) !== (password === undefined)) say(at, 'must have user and password, or neither')
  }
}
