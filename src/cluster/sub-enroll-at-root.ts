/** The licensing-only server's side of sub-enrollment: asks the root of the forest for an SLC ([MS-RMPRS] 3.3, 3.4). */
import { openConnections } from '../client/connections.js'
import { callSoap, CallFailed, SoapFault } from '../client/soap-caller.js'
import { publicKeyToPkcs1 } from '../crypto/keys.js'
import { childrenNamed, descend } from '../xml/read.js'
import { element, text } from '../xml/write.js'
import { checkChain } from '../xrml/chain.js'
import { readOneDocument, type XrmlDocument } from '../xrml/document.js'
import type { Enrollee } from './enroll.js'
import type { ServiceAccount } from './service-account.js'
import { commandLine, shellWord } from '../command-line.js'

const namespace = 'http://microsoft.com/DRM/SubEnrollmentService'

/** The root did not enroll this cluster; the message says what to do. */
export class EnrollmentRefused extends Error {
  override readonly name = 'EnrollmentRefused'
}

/**
 * @param certificationUrl of the root, from the service connection point
 * @param ca certificates in PEM to trust besides those that Node.js trusts
 * @returns SLC and the root's chain, leaf first
 * @throws EnrollmentRefused
 */
export async function subEnrollAtRoot(
  certificationUrl: string,
  enrollee: Enrollee,
  account: ServiceAccount,
  ca?: string,
): Promise<readonly XrmlDocument[]> {
  const url = `${certificationUrl}/SubEnrollService.asmx`
  const body = element(
    'SubEnroll',
    { xmlns: namespace },
    element(
      'oInput',
      {},
      element(
        'CertificatePublicKey',
        {},
        element('aPublicKeyBytes', {}, text(publicKeyToPkcs1(enrollee.publicKey))),
        element('Guid', {}, text(enrollee.guid.replace(/^\{|\}$/g, ''))),
      ),
      element(
        'EnrolleeInformation',
        {},
        element('SKU', {}, text(enrollee.sku)),
        element('Version', {}, text(enrollee.version)),
        element('Name', {}, text(enrollee.name)),
        element('URL', {}, text(enrollee.url)),
      ),
    ),
  )
  const connections = openConnections({ credentials: account, ca })
  const answer = await callSoap({ url, namespace, operation: 'SubEnroll', body, connections }).catch(
    (error: unknown) => {
      if (error instanceof CallFailed && error.status === 401) {
        throw new EnrollmentRefused(
          `${url} does not admit ${account.user}. Grant it access at the root, and try again: ${commandLine(`admit subenrollservice ${shellWord(account.user)}`)}`,
        )
      }
      if (error instanceof CallFailed || error instanceof SoapFault)
        throw new EnrollmentRefused(`The root did not enroll this cluster: ${error.message}`)
      throw error
    },
  )
  const strings = childrenNamed(descend(answer, 'SubEnrollResult', 'LicensorCertificateChain'), 'string')
  const chain = strings.map((certificate) => readOneDocument(certificate.text))
  const check = checkChain(chain)
  if (!check.ok || chain[0]?.body.issuedPrincipal?.publicKey?.modulus !== enrollee.publicKey.modulus) {
    throw new EnrollmentRefused(`The chain that the root sent is not good: ${check.why ?? 'it is not for our key'}`)
  }
  return chain
}
