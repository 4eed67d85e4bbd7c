/** AcquireContentKey: a decommissioned cluster hands out content keys, asking nobody for rights ([MS-RMSI] 3.2.4.1). */
import { refuse } from '../../exceptions.js'
import { readXmlNodes } from '../../soap/xml-node.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { element, text, type Markup } from '../../xml/write.js'
import { readPl, type Pl } from '../../xrml/pl.js'
import type { XrmlDocument } from '../../xrml/document.js'
import { describe, operation, type Call } from '../context.js'
import { licensorOf, openContentKey, plainSealExceptions, type GoodPl } from '../licensing/publishing-license.js'
import { publishingLicenseLimits, readChain, reading } from '../read-documents.js'
import { madeForUs } from '../refusal-facts.js'
import { walk } from '../steps.js'
import { decommissionService } from './messages.js'

export const acquireContentKey = operation(
  describe(decommissionService, 'AcquireContentKey'),
  walk<Call>()
    .step('arguments', requireArguments)
    .step('decommissioned', requireDecommissioned)
    .step('read PL', readLicense)
    .step('match server', matchServer)
    .step('open PL', (good: GoodPl) => openContentKey(good, plainSealExceptions))
    .step('answer', ({ contentKey }) => ({ answer: answerOf(contentKey) })),
)

/** Only the first PL of the first entry counts. */
function requireArguments({ request }: Call): { chainElement: XmlElement } {
  const params = childrenNamed(child(request, 'paramsSoap'), 'AcquireContentKeyParams')[0]
  if (params === undefined) return refuse('ArgumentNull', 'paramsSoap has no AcquireContentKeyParams')
  const chainElement = child(params, 'IssuanceLicense')
  if (chainElement === undefined || readXmlNodes(chainElement).length === 0)
    return refuse('ArgumentNull', 'IssuanceLicense has no certificate')
  return { chainElement }
}

function readLicense({ chainElement }: { chainElement: XmlElement }): { pl: Pl } {
  const chain = readChain(chainElement, publishingLicenseLimits, 'UnspecifiedError')
  return { pl: reading('UnspecifiedError', () => readPl(chain[0] as XrmlDocument)) }
}

function requireDecommissioned({ state }: Call): void {
  if (!state.configuration.serverDecommissioned)
    refuse('ClusterNotDecommissioned', `cluster "${state.name}" is in service`, {
      rule: 'content keys are handed out by decommissioned clusters alone',
      wanted: 'a decommissioned cluster',
      found: `cluster "${state.name}" is in service`,
    })
}

function matchServer({ pl, state }: Call & { pl: Pl }): GoodPl {
  const licensor = licensorOf(pl, state)
  if (licensor !== undefined) return { pl, licensor }
  return refuse(
    'ContentKeyNoMatchingIssuedPrincipal',
    `the PL was made for ${pl.server.object?.id}, which is neither this cluster nor a trusted one`,
    madeForUs(pl, state),
  )
}

function answerOf(contentKey: Buffer): Markup {
  const response = element(
    'AcquireContentKeyResponse',
    {},
    element('ContentKey', {}, text(contentKey.toString('base64'))),
    element('ContentKeyType', {}, text('AES')),
  )
  return element('AcquireContentKeyResult', {}, response)
}
