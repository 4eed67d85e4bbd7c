/** What a filter of the journal names must be there: a mistyped name would never be found, and a test that waits for nothing would pass. */
import { isTime } from '../../calendar-day.js'
import { nearest } from '../../config/nearest.js'
import { exceptions } from '../../exceptions.js'
import { restExceptions } from '../../rest-exceptions.js'
import { LabInputError } from '../../lab/input-error.js'
import type { JournalFilter } from '../../lab/journal/filter.js'
import { restServiceNames } from '../../services/rest/operation.js'
import { activationService } from '../../services/activation/messages.js'
import { certificationService, precertificationService } from '../../services/certification/messages.js'
import { decommissionService } from '../../services/decommission/messages.js'
import { subEnrollService } from '../../services/enrollment/messages.js'
import { groupExpansionService } from '../../services/group-expansion/messages.js'
import { licensingService } from '../../services/licensing/messages.js'
import { publishingService } from '../../services/publishing/messages.js'
import { republishingService } from '../../services/republishing/messages.js'
import { serverService } from '../../services/server/messages.js'
import { templateDistributionService } from '../../services/templates/messages.js'
import type { LabOffice } from './ask-server.js'

const services = [
  activationService,
  certificationService,
  precertificationService,
  decommissionService,
  subEnrollService,
  groupExpansionService,
  licensingService,
  publishingService,
  republishingService,
  serverService,
  templateDistributionService,
]

/** Of SOAP, of REST, of the sign-in service; and the services themselves, for exchanges that came to no operation. */
const operations: readonly string[] = [
  ...new Set(services.flatMap((service) => service.operations.map(({ name }) => name))),
  'ServiceDiscovery',
  ...restServiceNames,
  'OAuthToken',
  'OAuthAuthorize',
  ...services.map(({ name }) => name),
]

/** @throws LabInputError that names the nearest right one */
export async function requireKnownWords(filter: JournalFilter, { store }: LabOffice): Promise<void> {
  const { operation, node, cluster } = filter
  // An exchange that came to no operation is named by its service, or by method and path.
  if (operation !== undefined && !operation.includes(' ')) requireOne('operation', operation, operations)
  if (cluster !== undefined)
    requireOne(
      'cluster',
      cluster,
      (await store.clusters.list()).map(({ name }) => name),
    )
  if (node !== undefined)
    requireOne(
      'server',
      node,
      (await store.members.list()).map(({ nodeId }) => nodeId),
    )
  for (const name of ['since', 'until'] as const) requireTime(name, filter[name])
  if (filter.exception !== undefined && /^\w+$/.test(filter.exception)) requireException(filter.exception)
}

function requireOne(what: string, given: string, known: readonly string[]): void {
  if (known.some((one) => one.toLowerCase() === given.toLowerCase())) return
  const meant = nearest(given, known)
  throw new LabInputError(
    `There is no ${what} "${given.slice(0, 100)}"${meant === undefined ? `: there is ${known.join(', ')}` : `: did you mean ${meant}?`}`,
  )
}

function requireTime(name: string, text: string | undefined): void {
  if (text !== undefined && !isTime(text))
    throw new LabInputError(`${name} is no time: "${text.slice(0, 100)}". Write 2026-01-01T00:00:00Z`)
}

function requireException(given: string): void {
  const short = (name: string): string => name.replace(/^.*\./, '').replace(/Exception$/, '')
  const known = [...Object.keys(exceptions), ...Object.values(exceptions).map(({ name }) => short(name))]
  const rest = Object.values(restExceptions).map(({ code }) => short(code))
  if (/^\d{3}$/.test(given)) return
  requireOne('exception', short(given), [...new Set([...known, ...rest])])
}
