/** Certify: a RAC for the signed-in account, bound to the machine whose chain is sent ([MS-RMPR] 3.3.4.1). */
import type { RsaPrivateKey } from '../../crypto/keys.js'
import { publicKeyFromModulus } from '../../crypto/keys.js'
import { writePrivateKeyBlob } from '../../crypto/private-key-blob.js'
import { seal } from '../../crypto/seal.js'
import type { Account } from '../../directory/directory.js'
import { refuse } from '../../exceptions.js'
import { unsupportedSet } from '../../policy/crypto-set.js'
import { isSecurityProcessorExcluded } from '../../policy/exclusion.js'
import { credentialType, type CredentialType } from '../../policy/validity.js'
import { readXmlNodes, xmlNodes } from '../../soap/xml-node.js'
import { child, type XmlElement } from '../../xml/read.js'
import { element, text, type Markup } from '../../xml/write.js'
import { checkChain } from '../../xrml/chain.js'
import type { XrmlDocument } from '../../xrml/document.js'
import { issued, sealedTo } from '../../xrml/issuing.js'
import { buildRac, racIssuerText } from '../../xrml/rac.js'
import { readSpc, type Spc } from '../../xrml/spc.js'
import { describe, operation, type Call } from '../context.js'
import { accountCertificateLimits, readChain, reading } from '../read-documents.js'
import { newEnough, sameMode, wholeChain } from '../refusal-facts.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { mailOf, racFields } from './account-certificate.js'
import { accountKeyPair } from './account-key.js'
import { certificationService } from './messages.js'

/** Vestigial numbers of the production hierarchy ([MS-RMPR] 3.3.4.1.3.3, product note 40). */
const quota = { consumption: 5, maximum: 10 }

export const certify = operation(
  describe(certificationService, 'Certify'),
  walk<Call>()
    .step('arguments', requireArguments)
    .step('authorize', authorize)
    .step('in service', requireInService)
    .step('read chain', readMachineChain)
    .step('verify chain', verifyMachine)
    .step('exclusion', exclude)
    .step('mail address', ({ account, notes }) => noteAddress(mailOf(account), notes))
    .step('account key', async ({ context, state, account }) => ({
      key: await accountKeyPair(context, state, account.sid),
    }))
    .step('build and sign', buildCertificate)
    .step('answer', answer),
)

/** Who leaves Persistent out wants the normal certificate; the schema requires it, and every known client sends it. */
function requireArguments({ request, state }: Call): { chainElement: XmlElement; type: CredentialType } {
  const params = child(request, 'requestParams')
  if (params === undefined) return refuse('ArgumentNull', 'requestParams is missing')
  const chainElement = child(params, 'MachineCertificateChain')
  if (chainElement === undefined || readXmlNodes(chainElement).length === 0)
    return refuse('ArgumentNull', 'MachineCertificateChain has no certificate')
  const persistent = child(params, 'Persistent')?.text.trim() ?? 'true'
  return {
    chainElement,
    type: credentialType(persistent === 'true' || persistent === '1', state.configuration.invertPersistent),
  }
}

function readMachineChain({ chainElement }: { chainElement: XmlElement }): { machineChain: readonly XrmlDocument[] } {
  return { machineChain: readChain(chainElement, accountCertificateLimits, 'VerifyMachineCertificateChainFailed') }
}

function authorize({ caller }: Call): { account: Account } {
  if (caller.account === undefined)
    return refuse('UnauthorizedAccess', 'the caller has not signed in', {
      rule: 'a RAC is for the account that signed in',
      wanted: 'an account',
      found: 'nobody',
    })
  return { account: caller.account }
}

/**
 * The chain must hold together, fit the cryptographic mode and lead through a known SPC authority: the key of its second or third certificate. The
 * mode comes before trust, so that a machine of the other mode is told what is wrong with it.
 */
function verifyMachine({ machineChain, state, notes }: Call & { machineChain: readonly XrmlDocument[] }): { spc: Spc } {
  const check = checkChain(machineChain)
  notes.received.push(...machineChain.map((document) => document.text))
  if (!check.ok) refuse('VerifyMachineCertificateChainFailed', check.why ?? '', wholeChain('SPC', check))
  const spc = reading('VerifyMachineCertificateChainFailed', () => readSpc(check.documents[0] as XrmlDocument))
  const unsupported = unsupportedSet(check.documents, state.rules)
  if (unsupported !== undefined)
    refuse('UnsupportedCryptographicSet', unsupported, sameMode('SPC', unsupported, state.rules))
  const authorities = check.documents
    .slice(1, 3)
    .flatMap((document) => document.body.issuedPrincipal?.publicKey?.modulus ?? [])
  if (!authorities.some((key) => state.configuration.trustedSpcCAKeys.includes(key))) {
    refuse(
      'VerifyMachineCertificateChainFailed',
      'neither the second nor the third certificate of the SPC chain is of a trusted SPC authority',
      {
        rule: 'the second or third certificate of the SPC chain is of a trusted SPC authority',
        wanted: `one of ${state.configuration.trustedSpcCAKeys.length} authorities`,
        found:
          check.documents
            .slice(1, 3)
            .map(({ body }) => body.issuedPrincipal?.object?.name ?? body.issuedPrincipal?.object?.id ?? 'unnamed')
            .join(', ') || 'a machine certificate alone',
      },
    )
  }
  return { spc }
}

function exclude({ spc, state }: { spc: Spc } & Call): void {
  const minimum = state.configuration.spcExclusionPolicy
  if (isSecurityProcessorExcluded(spc.repositoryVersion, minimum)) {
    refuse(
      'BlackBoxIsInvalid',
      `the security processor is of version ${spc.repositoryVersion ?? 'unknown'}, at least ${minimum} is needed`,
      newEnough(spc.repositoryVersion, minimum),
    )
  }
}

function noteAddress(address: string, notes: Call['notes']): void {
  notes.account = address
}

async function buildCertificate(
  call: Call & { account: Account; key: RsaPrivateKey; spc: Spc; type: CredentialType },
): Promise<{ rac: string }> {
  const { state, context, account, key, spc, type, notes } = call
  const machineKey = publicKeyFromModulus(spc.machine.publicKey?.modulus ?? '')
  const privateKey = seal(
    state.rules,
    sealedTo(state.issuing, machineKey),
    writePrivateKeyBlob(key),
    racIssuerText(state.issuing.principal),
    context.random,
  )
  const fields = racFields(call, account, key.publicKey, type)
  const machine = { principal: spc.machine, privateKey }
  const { issuing, rules } = state
  const rac = await issued(issuing, buildRac({ ...fields, machine }, issuing.signer, rules.hash))
  notes.issued.push(rac)
  notes.metadata.issued = [fields.guid]
  return { rac }
}

function answer({ rac, state }: Call & { rac: string }): { answer: Markup } {
  const chain = [rac, ...state.issuing.chain.map((document) => document.text)]
  return {
    answer: element(
      'CertifyResult',
      {},
      xmlNodes('CertificateChain', chain),
      element(
        'Quota',
        {},
        element('Verified', {}, text(true)),
        element('CurrentConsumption', {}, text(quota.consumption)),
        element('Maximum', {}, text(quota.maximum)),
      ),
    ),
  }
}
