/** Enrollment: how a cluster gets its server licensor certificate (SLC) ([MS-RMPR] 3.1.3.2, 2.2.9.3). */
import type { RsaPublicKey } from '../crypto/keys.js'
import { modes, type CryptoMode, type HashName } from '../crypto/modes.js'
import { createSigner, type Signer } from '../crypto/signer.js'
import { newGuid, type Random } from '../effects.js'
import type { Principal } from '../xrml/body.js'
import { issueRange } from '../xrml/chain.js'
import { readOneDocument, type XrmlDocument } from '../xrml/document.js'
import { buildIssuingCertificate } from '../xrml/issuing-certificate.js'
import { labEnrollmentService } from '../xrml/lab-hierarchy.js'
import { toMinute } from '../xrml/times.js'

/** What stands of a server in its SLC. */
export interface Enrollee {
  readonly guid: string
  readonly name: string
  /** Public base URL. */
  readonly url: string
  readonly version: string
  readonly sku: string
  readonly publicKey: RsaPublicKey
}

export interface EnrollmentIssuer {
  /** Certificate of the issuer with the chain above it. */
  readonly chain: readonly XrmlDocument[]
  readonly principal: Principal
  readonly signer: Signer
  readonly hash: HashName
}

/** The lab's self-enrollment service: the key that every server of RMS 2.0 is installed with (product note 27). */
export function selfEnrollmentService(mode: CryptoMode): EnrollmentIssuer {
  const { chain, key } = labEnrollmentService(mode)
  const principal = chain[0]?.body.issuedPrincipal
  if (principal === undefined) throw new Error('The enrollment service of the lab has no certificate: make certs anew')
  return { chain, principal, signer: createSigner('openssl', key), hash: modes[mode].hash }
}

/** An SLC with the chain above it, leaf first: valid as long as its issuer may issue. */
export async function issueLicensorCertificate(
  enrollee: Enrollee,
  issuer: EnrollmentIssuer,
  now: Date,
  random: Random,
): Promise<readonly XrmlDocument[]> {
  const range = issuer.chain[0] === undefined ? undefined : issueRange(issuer.chain[0])
  if (range === undefined) throw new Error('The issuer of the SLC has no right ISSUE')
  const slc = await buildIssuingCertificate(
    {
      descriptorType: 'Server-Licensor-Certificate',
      guid: newGuid(random),
      issuedTime: toMinute(now),
      issuer: issuer.principal,
      principal: {
        type: 'MS-DRM-Server',
        idType: 'MS-GUID',
        id: enrollee.guid,
        name: enrollee.name,
        addresses: [{ type: 'URL', value: enrollee.url }],
      },
      publicKey: enrollee.publicKey,
      securityLevels: [
        { name: 'Server-Version', value: enrollee.version },
        { name: 'Server-SKU', value: enrollee.sku },
      ],
      range,
    },
    issuer.signer,
    issuer.hash,
  )
  return [readOneDocument(slc), ...issuer.chain]
}
