/** SubEnroll: the root issues an SLC to a licensing-only server of its forest ([MS-RMPRS] 3.3.4.1). */
import { issueLicensorCertificate, type Enrollee } from '../../cluster/enroll.js'
import { publicKeyFromPkcs1 } from '../../crypto/keys.js'
import { refuse } from '../../exceptions.js'
import { readGuid } from '../../soap/values.js'
import { child, descend, type XmlElement } from '../../xml/read.js'
import { element, text, type Markup } from '../../xml/write.js'
import type { XrmlDocument } from '../../xrml/document.js'
import { describe, operation, type Call } from '../context.js'
import { reading } from '../read-documents.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { subEnrollService } from './messages.js'

const longestText = 256

export const subEnroll = operation(
  describe(subEnrollService, 'SubEnroll'),
  walk<Call>()
    .step('arguments', requireArguments)
    .step('in service', requireInService)
    .step('read enrollee', readEnrollee)
    .step('build and sign', issue)
    .step('answer', ({ chain }) => ({ answer: answerOf(chain) })),
)

interface Input {
  readonly information: XmlElement
  readonly keyBytes: string
  readonly guid: string
}

function requireArguments({ request }: Call): Input {
  const input = child(request, 'oInput')
  const information = child(input, 'EnrolleeInformation')
  const keyBytes = descend(input, 'CertificatePublicKey', 'aPublicKeyBytes')?.text.trim() ?? ''
  const guid = readGuid(descend(input, 'CertificatePublicKey', 'Guid')?.text ?? '')
  if (information === undefined || keyBytes === '')
    return refuse('ArgumentNull', 'oInput needs CertificatePublicKey and EnrolleeInformation')
  if (guid === undefined) return refuse('ArgumentNull', 'CertificatePublicKey has no Guid')
  if ((child(information, 'URL')?.text.trim() ?? '') === '')
    return refuse('ArgumentNull', 'EnrolleeInformation has no URL')
  return { information, keyBytes, guid }
}

function readEnrollee({ information, keyBytes, guid, state }: Call & Input): { enrollee: Enrollee } {
  const publicKey = reading('UnspecifiedError', () => publicKeyFromPkcs1(Buffer.from(keyBytes, 'base64')))
  if (publicKey.bits !== state.rules.keyBits)
    refuse(
      'UnspecifiedError',
      `the key has ${publicKey.bits} bits, Mode ${state.rules.mode} needs ${state.rules.keyBits}`,
    )
  const field = (name: string): string => child(information, name)?.text.trim().slice(0, longestText) ?? ''
  return {
    enrollee: {
      guid: `{${guid}}`,
      name: field('Name'),
      url: field('URL'),
      version: field('Version'),
      sku: field('SKU'),
      publicKey,
    },
  }
}

/** Signed with the root's own key, so the chain is one longer than that of a server that enrolled itself. */
async function issue({
  enrollee,
  state,
  now,
  context,
  notes,
}: Call & { enrollee: Enrollee }): Promise<{ chain: readonly XrmlDocument[] }> {
  const chain = await issueLicensorCertificate(enrollee, { ...state.own, hash: state.rules.hash }, now, context.random)
  notes.issued.push(chain[0]?.text ?? '')
  notes.metadata.enrolled = enrollee.url
  return { chain }
}

/** Certificates as strings here, not as XML. */
function answerOf(chain: readonly XrmlDocument[]): Markup {
  const strings = chain.map((document) => element('string', {}, text(document.text)))
  return element('SubEnrollResult', {}, element('LicensorCertificateChain', {}, strings))
}
