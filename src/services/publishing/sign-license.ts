/** Signing of a PL by the server ([MS-RMPR] 3.5.4.1): what AcquireIssuanceLicense and EditIssuanceLicense share. */
import { seal } from '../../crypto/seal.js'
import { publicKeyFromModulus } from '../../crypto/keys.js'
import { asMarkup, element, text, type Markup } from '../../xml/write.js'
import type { AuthenticatedData } from '../../xrml/body.js'
import { issued, sealedTo } from '../../xrml/issuing.js'
import { buildServerPl, plSealedTo, verbatim } from '../../xrml/pl.js'
import { toMinute } from '../../xrml/times.js'
import type { Call } from '../context.js'
import type { GoodPl } from '../licensing/publishing-license.js'
import { licensingUrl } from '../standing.js'

export interface SignedContent {
  /** KeyHeader and content key. */
  readonly keyBlob: Buffer
  /** Base64. */
  readonly encryptedRightsData: string
}

/**
 * The PL anew, in the server's form: ISSUEDTIME, acquisition points and ISSUER are the server's, the sealed key is tied to ISSUEDPRINCIPALS as the
 * server writes it; object, metadata, descriptor, referral and further data are the request's.
 */
export async function signPublishingLicense(
  { pl, licensor }: GoodPl,
  content: SignedContent,
  { state, context, now }: Pick<Call, 'state' | 'context' | 'now'>,
): Promise<string> {
  const server = licensor.principal
  const { issuing } = state
  const serverKey = sealedTo(issuing, publicKeyFromModulus(server.publicKey?.modulus ?? ''))
  const signing = buildServerPl(
    {
      issuedTime: toMinute(now),
      validity: pl.validity,
      licensingUrl: licensingUrl(state),
      extranetLicensingUrl: state.configuration.externalLicensingUrl ?? undefined,
      server,
      enablingBits: seal(state.rules, serverKey, content.keyBlob, plSealedTo(server), context.random),
      descriptor: verbatim(pl.verbatim.descriptor),
      referralInfo: verbatim(pl.verbatim.referralInfo),
      work: [verbatim(pl.verbatim.contentObject), verbatim(pl.verbatim.metadata), verbatim(pl.verbatim.refresh)],
      encryptedRightsData: content.encryptedRightsData,
      rest: pl.otherData.map(otherDataElement),
    },
    issuing.principal,
    issuing.signer,
    state.rules.hash,
  )
  return issued(issuing, signing)
}

/** Servers write the name of application data first; what is not application data stays as it came. */
function otherDataElement({ id, name, value, source }: AuthenticatedData): Markup {
  return id === 'APPSPECIFIC' && name !== undefined
    ? element('AUTHENTICATEDDATA', { name, id }, text(value))
    : asMarkup(source)
}
