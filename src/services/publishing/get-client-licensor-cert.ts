/** GetClientLicensorCert: a CLC, with which the holder of a RAC publishes offline ([MS-RMPR] 3.5.4.2). */
import { publicKeyFromModulus, type RsaPrivateKey } from '../../crypto/keys.js'
import { writePrivateKeyBlob } from '../../crypto/private-key-blob.js'
import { seal } from '../../crypto/seal.js'
import { newGuid } from '../../effects.js'
import { refuse } from '../../exceptions.js'
import { xmlNodes } from '../../soap/xml-node.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { element, type Markup } from '../../xml/write.js'
import { buildClc, clcIssuerText } from '../../xrml/clc.js'
import { issued, sealedTo } from '../../xrml/issuing.js'
import type { Rac } from '../../xrml/rac.js'
import { toMinute } from '../../xrml/times.js'
import { describe, operation, type Call } from '../context.js'
import { requireGoodAccountCertificate } from '../licensing/account-certificate.js'
import { accountCertificateLimits, readChain } from '../read-documents.js'
import { licensingUrl, requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { publishingService } from './messages.js'

export const getClientLicensorCert = operation(
  describe(publishingService, 'GetClientLicensorCert'),
  walk<Call>()
    .step('parse', parse)
    .step('in service', requireInService)
    .step('read account', ({ personaCerts }) => ({
      racChain: readChain(personaCerts, accountCertificateLimits, 'UnexpectedPersonaCert'),
    }))
    .step('verify account', ({ racChain, state, now, notes }) =>
      noteAccount(requireGoodAccountCertificate(racChain, state, now), notes),
    )
    .step('exclusion', requireMachine)
    .step('key pair', async ({ state, context }) => ({ key: await context.keyPairs.take(state.rules.keyBits) }))
    .step('build and sign', build)
    .step('answer', answer),
)

function parse({ request }: Call): { personaCerts: XmlElement } {
  const all = childrenNamed(child(request, 'RequestParams'), 'GetClientLicensorCertParams')
  const [params] = all
  if (params === undefined) return refuse('ArgumentNull', 'RequestParams has no GetClientLicensorCertParams')
  if (all.length > 1)
    return refuse('UnspecifiedError', `there are ${all.length} GetClientLicensorCertParams, one is taken`)
  const personaCerts = child(params, 'PersonaCerts')
  return personaCerts === undefined ? refuse('ArgumentNull', 'PersonaCerts is missing') : { personaCerts }
}

function noteAccount(rac: Rac, notes: Call['notes']): { rac: Rac } {
  notes.account = rac.account.object?.name ?? ''
  return { rac }
}

/** Where old machines are excluded, a certificate that names none (as Precertify gives it) would be a way round. */
function requireMachine({ rac, state }: Call & { rac: Rac }): void {
  if (rac.machine === undefined && state.configuration.spcExclusionPolicy !== null)
    refuse('BlackBoxIsInvalid', 'the RAC names no machine, and this cluster excludes machines by version', {
      rule: 'where machines are excluded by version, the RAC names one',
      wanted: `a machine of version ${state.configuration.spcExclusionPolicy} or later`,
      found: 'no machine',
    })
}

/** Its private key exists nowhere but in the certificate, sealed to the account ([MS-RMPR] product note 45). */
async function build({
  state,
  context,
  now,
  rac,
  key,
  notes,
}: Call & { rac: Rac; key: RsaPrivateKey }): Promise<{ clc: string }> {
  const { issuing, rules } = state
  const { principal, signer } = issuing
  const guid = newGuid(context.random)
  const accountKey = sealedTo(issuing, publicKeyFromModulus(rac.account.publicKey?.modulus ?? ''))
  const signing = buildClc(
    {
      guid,
      issuedTime: toMinute(now),
      range: rac.validity,
      issuer: principal,
      licensingUrl: licensingUrl(state),
      extranetLicensingUrl: state.configuration.externalLicensingUrl ?? undefined,
      account: rac.account,
      publicKey: key.publicKey,
      privateKey: seal(rules, accountKey, writePrivateKeyBlob(key), clcIssuerText(principal), context.random),
    },
    signer,
    rules.hash,
  )
  const clc = await issued(issuing, signing)
  notes.issued.push(clc)
  notes.metadata.issued = [guid]
  return { clc }
}

function answer({ clc, state }: Call & { clc: string }): { answer: Markup } {
  const chain = xmlNodes('CertificateChain', [clc, ...state.issuing.chain.map((document) => document.text)])
  return { answer: element('GetClientLicensorCertResult', {}, element('GetClientLicensorCertResponse', {}, chain)) }
}
