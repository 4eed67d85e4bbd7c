/**
 * FindServiceLocationsForUser, for clients ([MS-RMPR] 3.7.4.2), and FindServiceLocations, for other servers ([MS-RMPRS] 3.2.4.1). They differ in
 * who may ask, and in how "none" is said: the element is left out for a client, empty for a server.
 */
import { refuse } from '../../exceptions.js'
import type { XmlElement } from '../../xml/read.js'
import { element, text, type Markup } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { walk } from '../steps.js'
import { serverService, type ServiceType } from './messages.js'
import { readServiceTypes, requireServiceNames, serviceLocation } from './service-locations.js'

type Known = Call & { readonly types: readonly ServiceType[] }

const read = ({ requests }: { requests: readonly XmlElement[] }) => ({ types: readServiceTypes(requests) })

export const findServiceLocationsForUser = operation(
  describe(serverService, 'FindServiceLocationsForUser'),
  walk<Call>()
    .step('arguments', ({ request }) => ({ requests: requireServiceNames(request) }))
    .step('authorize', authorize)
    .step('read', read)
    .step('answer', (known: Known) => ({ answer: answer('FindServiceLocationsForUserResult', known, 'left out') })),
)

export const findServiceLocations = operation(
  describe(serverService, 'FindServiceLocations'),
  walk<Call>()
    .step('arguments', ({ request }) => ({ requests: requireServiceNames(request) }))
    .step('read', read)
    .step('answer', (known: Known) => ({ answer: answer('FindServiceLocationsResult', known, 'empty') })),
)

function authorize({ caller, notes }: Call): void {
  if (caller.account === undefined)
    refuse('UnspecifiedError', 'the caller has not signed in, so there is no directory to look in')
  notes.account = caller.account?.mail ?? ''
}

function answer(name: string, { types, state }: Known, absent: 'left out' | 'empty'): Markup {
  const responses = types.map((type) => {
    const url = serviceLocation(type, state) ?? (absent === 'empty' ? '' : undefined)
    return element(
      'ServiceLocationResponse',
      {},
      url === undefined ? undefined : element('URL', {}, text(url)),
      element('Type', {}, text(type)),
    )
  })
  return element(name, {}, responses)
}
