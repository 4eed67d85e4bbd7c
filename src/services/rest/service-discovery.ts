/** Service discovery: the addresses of the services, for the domain of a mail address or the licensing URL of a license (rest-mde 1, 4). */
import type { ServerConfiguration } from '../../cluster/configuration.js'
import { scopedPath } from '../../http/scoped-path.js'
import { refuseRest } from '../../rest-exceptions.js'
import { walk } from '../steps.js'
import { knownUrls, originOf, restUrl } from './addresses.js'
import { requireAdmittedClient } from './admission.js'
import { restOperation, restServiceNames, type RestCall, type RestOperation } from './operation.js'
import { serviceLocations } from './schemas.js'

export const serviceDiscovery: RestOperation = restOperation(
  {
    name: 'ServiceDiscovery',
    method: 'GET',
    path: '/servicediscovery',
    about:
      'Tells where the other services are: for the domain of a mail address, or for the licensing URL that a publishing license names.',
    guardedAs: '/licensing/servicelocator.asmx',
    schema: {
      querystring: {
        type: 'object',
        properties: {
          email: { type: 'string', description: 'Mail address of the user' },
          service: { type: 'string', description: 'Licensing URL out of a publishing license' },
        },
      },
      answer: serviceLocations,
    },
  },
  walk<RestCall>()
    .step('application', requireAdmittedClient)
    .step('find cluster', findCluster)
    .step('answer', ({ found, version }) => ({
      answer: restServiceNames.map((name) => ({ Name: name, Uri: restUrl(found, version, name) })),
    })),
)

const longestText = 2048

/** The origin whose services are told. Who asks for nothing is told where they are. */
async function findCluster(call: RestCall): Promise<{ found: string }> {
  const { email, service } = call.query
  if (Math.max(email?.length ?? 0, service?.length ?? 0) > longestText)
    return refuseRest('BadInput', `email or service has more than ${longestText} characters`)
  if (service !== undefined && service !== '') return { found: await clusterOf(service, call) }
  // Clients do not escape what they send: a plus sign arrives as a blank.
  if (email !== undefined && email !== '') await requireOwnDomain(email.replaceAll(' ', '+'), call)
  return { found: call.origin }
}

/** Content of every cluster of the forest is found from each of them: a device asks one host for all. */
async function clusterOf(service: string, { state, context, origin }: RestCall): Promise<string> {
  const url = URL.canParse(service) ? new URL(service) : undefined
  const isOf = (configuration: ServerConfiguration): boolean =>
    url !== undefined && knownUrls(configuration).some((known) => isSamePlace(new URL(known), url))
  if (isOf(state.configuration)) return origin
  // Content of a trusted publishing domain is licensed here.
  const trusted = state.trusted.flatMap(({ principal }) => principal.object?.addresses ?? [])
  if (url !== undefined && trusted.some(({ value }) => URL.canParse(value) && new URL(value).host === url.host))
    return origin
  const other =
    url === undefined
      ? undefined
      : (await context.store.clusters.list()).find(({ configuration }) => isOf(configuration))
  if (url === undefined || other === undefined)
    return refuseRest('UnrecognizedUrl', `"${service.slice(0, 200)}" is the URL of no cluster of this forest`, {
      rule: 'the licensing URL is that of a cluster of this forest',
      wanted: state.configuration.baseUrl,
      found: service.slice(0, 200),
      about: { kind: 'url', url: service.slice(0, 200) },
    })
  return originOf(other.configuration, url.host)
}

/** Scopes share their host with others. */
function isSamePlace(one: URL, other: URL): boolean {
  const [own, wanted] = [one, other].map(({ host, pathname }) =>
    `${host} ${scopedPath(pathname)?.name ?? ''}`.toLowerCase(),
  )
  return own === wanted
}

/** The domain of the forest and those below it; another one where somebody of the directory has this address. */
async function requireOwnDomain(email: string, { context }: RestCall): Promise<void> {
  const domain = /^[^@\s]+@([^@\s]+)$/.exec(email)?.[1]?.toLowerCase()
  if (domain === undefined) return refuseRest('BadInput', `email is "${email.slice(0, 200)}", which is no mail address`)
  const { dnsName } = await context.directory.forest()
  if (domain === dnsName.toLowerCase() || domain.endsWith(`.${dnsName.toLowerCase()}`)) return
  const known = (await context.directory.accountByMail(email)) ?? (await context.directory.groupByMail(email))
  if (known === undefined)
    refuseRest(
      'UnknownTenant',
      `the mail domain "${domain.slice(0, 200)}" is not that of the forest ${dnsName}, and nobody has this address`,
      {
        rule: 'the mail domain is that of the forest, or somebody has the address',
        wanted: dnsName,
        found: domain.slice(0, 200),
        about: { kind: 'account', asked: email.slice(0, 200) },
      },
    )
}
