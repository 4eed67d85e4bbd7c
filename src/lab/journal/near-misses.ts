/**
 * What would have been right, or nearly: for whoever reads a refusal and does not see why. It is looked for when somebody reads, in what the directory and
 * the clusters are then.
 */
import { nearest } from '../../config/nearest.js'
import type { RefusalSubject, RightsSubject } from '../../refusal.js'
import { nearAccounts, peopleOf } from './near-accounts.js'
import { mostNearMisses, type KnownCluster, type NearMiss, type NearMissSources } from './near-miss.js'
import { nearTime } from './near-time.js'

/** At most three, the nearest first. */
export async function nearMissesOf(subject: RefusalSubject, sources: NearMissSources): Promise<readonly NearMiss[]> {
  return (await lookFor(subject, sources)).slice(0, mostNearMisses)
}

async function lookFor(subject: RefusalSubject, sources: NearMissSources): Promise<readonly NearMiss[]> {
  switch (subject.kind) {
    case 'rights':
      return nearRights(subject, sources)
    case 'template':
      return nearTemplates(subject.guid, await sources.clusters())
    case 'time':
      return nearTime(subject, sources.clock)
    case 'server':
      return nearServers(subject, await sources.clusters())
    case 'mode':
      return nearModes(subject.mode, await sources.clusters())
    case 'excluded key':
      return exclusions(subject.key, await sources.clusters())
    case 'account':
      return nearAccounts(subject.asked, sources)
    case 'word':
      return nearWords(subject.asked, subject.known)
    case 'url':
      return nearUrls(subject.url, await sources.clusters())
  }
}

async function nearRights(
  { sid, mail, named, byOlderTemplate }: RightsSubject,
  { directory }: NearMissSources,
): Promise<readonly NearMiss[]> {
  const older: readonly NearMiss[] = byOlderTemplate
    ? [
        {
          kind: 'older template',
          text: `The copy of the template inside the license gives ${mail} rights; the copy at the server was changed since, and counts`,
        },
      ]
    : []
  const account = (await directory.accountBySid(sid)) ?? (await directory.accountByMail(mail))
  if (account === undefined) {
    const text = `Nobody in this directory is ${mail || sid}: the account was removed, or is of another forest`
    return [...older, { kind: 'unknown account', text }]
  }
  return [...older, ...(await peopleOf(account, named, directory))]
}

const plainGuid = (guid: string): string => guid.replace(/[{}\s]/g, '').toLowerCase()

function nearTemplates(guid: string, clusters: readonly KnownCluster[]): readonly NearMiss[] {
  const wanted = plainGuid(guid)
  const found = clusters.flatMap(({ name, isOwn, templates }) =>
    templates
      .filter((template) => plainGuid(template.guid) === wanted)
      .map((template) => ({ ...template, name, isOwn })),
  )
  const misses = found.map(({ state, changed, name, isOwn }): NearMiss => {
    if (!isOwn)
      return { kind: 'other cluster', text: `The cluster "${name}" has this template (${state}); each has its own` }
    return state === 'archived'
      ? {
          kind: 'archived',
          text: `This cluster has the template, archived since ${changed}: it counts for old content alone`,
        }
      : { kind: 'published now', text: `This cluster has the template now, published ${changed}` }
  })
  if (misses.length > 0) return misses
  const known = clusters
    .flatMap(({ isOwn, templates }) => (isOwn ? templates : []))
    .map((template) => plainGuid(template.guid))
  const meant = nearest(wanted, known)
  return meant !== undefined && wanted !== ''
    ? [{ kind: 'other GUID', text: `The nearest GUID of a template here is {${meant}}` }]
    : [
        {
          kind: 'deleted',
          text: 'No cluster of this installation has a template of this GUID: it was deleted, or was never here',
        },
      ]
}

function nearServers(
  { id, key }: { readonly id: string; readonly key: string },
  clusters: readonly KnownCluster[],
): readonly NearMiss[] {
  return clusters
    .filter(
      (cluster) => (key !== '' && cluster.key === key) || (id !== '' && cluster.id.toLowerCase() === id.toLowerCase()),
    )
    .map((cluster): NearMiss => {
      if (cluster.isOwn)
        return {
          kind: 'own name, other key',
          text: 'The id is that of this cluster, the key is not: it was made by an earlier installation',
        }
      const trust = 'export its trusted user or publishing domain, and import it here'
      return cluster.key === key
        ? {
            kind: 'other cluster',
            text: `That is the cluster "${cluster.name}" of this installation, ${cluster.urls[0] ?? ''}: ask there, or ${trust}`,
          }
        : { kind: 'other key', text: `The id is that of the cluster "${cluster.name}", the key is another one` }
    })
}

function nearModes(mode: 1 | 2, clusters: readonly KnownCluster[]): readonly NearMiss[] {
  const fitting = clusters.filter((cluster) => cluster.mode === mode && !cluster.isOwn)
  return [
    { kind: 'other mode', text: `It is of Mode ${mode} by its keys and hashes` },
    ...fitting.map(({ name, urls }) => ({
      kind: 'other cluster',
      text: `The cluster "${name}" is of Mode ${mode}: ${urls[0] ?? ''}`,
    })),
  ]
}

function exclusions(key: string, clusters: readonly KnownCluster[]): readonly NearMiss[] {
  return clusters.flatMap(({ isOwn, name, excluded }) =>
    excluded
      .filter(({ publicKey }) => publicKey === key)
      .map(({ account, since }) => ({
        kind: 'excluded since',
        text: `${account ?? 'The account'} is excluded at ${isOwn ? 'this cluster' : `the cluster "${name}"`} since ${since}`,
      })),
  )
}

function nearWords(asked: string, known: readonly string[]): readonly NearMiss[] {
  const meant = nearest(asked, known)
  return meant === undefined ? [] : [{ kind: 'nearest name', text: `Did you mean ${meant}?` }]
}

function nearUrls(asked: string, clusters: readonly KnownCluster[]): readonly NearMiss[] {
  const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname.toLowerCase() : '')
  const host = hostOf(asked)
  const all = clusters.flatMap(({ name, urls }) => urls.map((url) => ({ name, url })))
  const sameHost = all.filter(({ url }) => host !== '' && hostOf(url) === host)
  const meant = nearest(
    asked,
    all.map(({ url }) => url),
  )
  const others = all.filter(({ url }) => url === meant && !sameHost.some((other) => other.url === url))
  return [
    ...sameHost.map(({ name, url }) => ({
      kind: 'other port',
      text: `The cluster "${name}" is on the same host: ${url}`,
    })),
    ...others.map(({ name, url }) => ({ kind: 'nearest address', text: `The cluster "${name}" is at ${url}` })),
  ]
}
