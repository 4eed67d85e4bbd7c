/** The checks of a RAC that licensing and publishing share ([MS-RMPR] 3.4.4.1, 3.5.4.2). */
import type { ServerState } from '../../cluster/server-state.js'
import { refuse } from '../../exceptions.js'
import { unsupportedSet } from '../../policy/crypto-set.js'
import { isSecurityProcessorExcluded } from '../../policy/exclusion.js'
import { checkChain } from '../../xrml/chain.js'
import type { XrmlDocument } from '../../xrml/document.js'
import { readRac, type Rac } from '../../xrml/rac.js'
import { repositoryVersion } from '../../xrml/spc.js'
import { formatTime, isWithin } from '../../xrml/times.js'
import { reading } from '../read-documents.js'
import { holdsNow, newEnough, notExcluded, sameMode, wholeChain } from '../refusal-facts.js'

/**
 * A chain as it was sent, down to a RAC that may be used. The RAC may come alone when its issuer is trusted; whatever comes with it
 * must hold together all the same.
 */
export function requireGoodAccountCertificate(chain: readonly XrmlDocument[], state: ServerState, now: Date): Rac {
  if (chain[0]?.kind !== 'RAC')
    refuse('UnexpectedPersonaCert', `the first certificate is a ${chain[0]?.kind}, not a RAC`, {
      rule: 'the first certificate is a RAC',
      wanted: 'RAC',
      found: chain[0]?.kind ?? 'none',
    })
  const check = checkChain(chain)
  if (!check.ok) refuse('InvalidPersonaCertSignature', check.why ?? '', wholeChain('RAC', check))
  const rac = reading('UnexpectedPersonaCert', () => readRac(check.documents[0] as XrmlDocument))
  requireSupportedSet(check.documents, state)
  requireValidNow(rac, now)
  requireTrust(rac, state)
  requireNotExcluded(rac, state)
  return rac
}

/** Before trust, so that an account of a cluster of the other mode is told what is wrong. */
function requireSupportedSet(chain: readonly XrmlDocument[], state: ServerState): void {
  const unsupported = unsupportedSet(chain, state.rules)
  if (unsupported !== undefined)
    refuse('UnsupportedCryptographicSet', unsupported, sameMode('RAC', unsupported, state.rules))
}

function requireValidNow({ validity }: Rac, now: Date): void {
  if (isWithin(validity, now)) return
  refuse(
    'InvalidPersonaCertTime',
    `the RAC is valid from ${formatTime(validity.from)} to ${formatTime(validity.until)}, it is ${formatTime(now)}`,
    holdsNow('the RAC', validity, now),
  )
}

function requireTrust({ issuer, account }: Rac, { configuration }: ServerState): void {
  if (!configuration.trustedRacIssuers.includes(issuer.publicKey?.modulus ?? '')) {
    refuse(
      'UntrustedPersonaCert',
      `the RAC was issued by ${issuer.object?.id ?? 'an unnamed server'}, which is no trusted user domain here`,
      {
        rule: 'the RAC was issued by a trusted user domain',
        wanted: `one of ${configuration.trustedRacIssuers.length} servers that are trusted here`,
        found: issuer.object?.id ?? 'an unnamed server',
        about: { kind: 'server', id: issuer.object?.id ?? '', key: issuer.publicKey?.modulus ?? '' },
      },
    )
  }
  if (account.object?.idType === 'Federation' && !configuration.federationEnabled) {
    refuse('UnexpectedPersonaCert', 'the RAC is of a federated account, federation is switched off', {
      rule: 'federated accounts are served where federation is switched on',
      wanted: 'a Windows account, or federationEnabled',
      found: 'a federated account',
    })
  }
}

/** The machine is not in the request: its version is read from the RAC's FEDERATIONPRINCIPALS. */
function requireNotExcluded({ account, machine }: Rac, { configuration }: ServerState): void {
  const key = account.publicKey?.modulus ?? ''
  if (configuration.racExclusionPolicy?.includes(key))
    refuse('DrmacIsExcluded', `the key of ${account.object?.name} is excluded`, notExcluded(account.object?.name, key))
  const minimum = configuration.spcExclusionPolicy
  if (machine !== undefined && isSecurityProcessorExcluded(repositoryVersion(machine), minimum)) {
    refuse(
      'BlackBoxIsInvalid',
      `the security processor is of version ${repositoryVersion(machine) ?? 'unknown'}, at least ${minimum} is needed`,
      newEnough(repositoryVersion(machine), minimum),
    )
  }
}
