/** The checks of a PL, and the opening of what is sealed in it ([MS-RMPR] 3.4.4.1, 3.5.4.1). */
import type { Licensor, ServerState } from '../../cluster/server-state.js'
import { BadKeyBlob, readKeyBlob } from '../../crypto/content-key.js'
import { SealBroken, unseal } from '../../crypto/seal.js'
import { refuse, type ExceptionKey } from '../../exceptions.js'
import { unsupportedSet } from '../../policy/crypto-set.js'
import { isSamePrincipal } from '../../xrml/body.js'
import { checkChain } from '../../xrml/chain.js'
import type { XrmlDocument } from '../../xrml/document.js'
import { documentSlot } from '../../xrml/once-per-document.js'
import { readPl, type Pl } from '../../xrml/pl.js'
import { serverSurface } from '../../xrml/signature.js'
import { decryptRightsData, readRightsData, type RightsData } from '../../xrml/rights-data.js'
import { formatTime, isWithin } from '../../xrml/times.js'
import { reading } from '../read-documents.js'
import { holdsNow, leadsToUs, madeForUs, sameMode, wholeChain } from '../refusal-facts.js'

export interface GoodPl {
  readonly pl: Pl
  /** Whose key opens it: our own, or that of a trusted publishing domain. */
  readonly licensor: Licensor
}

export interface OpenPl {
  readonly contentKey: Buffer
  /** KeyHeader and key as they were sealed: they go into the use license as they are. */
  readonly keyBlob: Buffer
  readonly rightsData: RightsData
  readonly rightsDataText: string
}

/** Which exception stands for what; the operations differ only in these. */
export interface PlExceptions {
  /** Anything changed, unreadable or not leading to a server that we trust to sign. */
  readonly signature: ExceptionKey
  /** Made for another server. */
  readonly otherServer: ExceptionKey
}

/**
 * A signed PL chain. The order of the checks is part of the interface: a changed document or broken link anywhere, then whether the PL was made
 * for this server, then whether its chain leads to a server whose licenses count here.
 */
export function requireGoodPl(chain: readonly XrmlDocument[], state: ServerState, exceptions: PlExceptions): GoodPl {
  const check = checkChain(chain)
  if (!check.ok) refuse(exceptions.signature, check.why ?? '', wholeChain('PL', check))
  const pl = reading(exceptions.signature, () => readPl(check.documents[0] as XrmlDocument))
  const licensor = licensorOf(pl, state)
  // [MS-RMPR] 3.4.4.1 has this rule for Mode 1 servers only; to a server of Mode 2 a PL of the other mode was made for another key.
  const unsupported = state.rules.mode === 1 ? unsupportedSet(check.documents, state.rules) : undefined
  if (unsupported !== undefined)
    return refuse(exceptions.otherServer, unsupported, sameMode('PL', unsupported, state.rules))
  if (licensor === undefined)
    return refuse(
      exceptions.otherServer,
      `the PL was made for ${pl.server.object?.id}, which is neither this cluster nor a trusted one`,
      madeForUs(pl, state),
    )
  if (!leadsToTrustedLicensor(check.documents, state)) {
    const why = 'the chain of the PL does not lead to this cluster nor to a trusted licensing server'
    refuse(exceptions.signature, why, leadsToUs(check, state))
  }
  return { pl, licensor }
}

/** The server, own or trusted, that the PL's content key is sealed to. */
export function licensorOf(pl: Pl, state: ServerState): Licensor | undefined {
  return [state.own, ...state.trusted].find((licensor) => isSamePrincipal(pl.server, licensor.principal))
}

/** The PL was signed by such a server, or by a CLC that one has issued. */
function leadsToTrustedLicensor([pl, clc]: readonly XrmlDocument[], state: ServerState): boolean {
  const keys = [state.own, ...state.trusted].map((licensor) => licensor.principal.publicKey?.modulus)
  const issuer = (document: XrmlDocument | undefined): string | undefined => document?.body.issuer?.publicKey?.modulus
  return keys.includes(issuer(pl)) || (clc?.kind === 'CLC' && keys.includes(issuer(clc)))
}

/** The exceptions of licensing. */
export const licensingExceptions: PlExceptions = {
  signature: 'InvalidRightsLabelSignature',
  otherServer: 'RightsLabelNoMatchingIssuedPrincipal',
}

/** A PL that has not begun or has ended is refused whoever asks. */
export function requirePlValidity({ validity }: Pl, now: Date): void {
  if (validity === undefined || isWithin(validity, now)) return
  refuse(
    'IssuanceLicenseIsNotWithinValidTimeRange',
    `the PL is valid from ${formatTime(validity.from)} to ${formatTime(validity.until)}, it is ${formatTime(now)}`,
    holdsNow('the PL', validity, now),
  )
}

/** What an operation answers when sealed bits do not open. */
export interface SealExceptions {
  readonly hash: ExceptionKey
  readonly des: ExceptionKey
  readonly other: ExceptionKey
}

/** Only publishing has exceptions of its own for sealed bits. */
export const plainSealExceptions: SealExceptions = {
  hash: 'UnspecifiedError',
  des: 'UnspecifiedError',
  other: 'UnspecifiedError',
}

/** Opens the sealed content key: the payload as it was sealed, checked to belong to this PL. */
export async function openContentKey(
  { pl, licensor }: GoodPl,
  exceptions: SealExceptions,
): Promise<{ contentKey: Buffer; keyBlob: Buffer }> {
  try {
    const { payload, belongsTo } = await unseal(licensor.signer, pl.enablingBits.type, pl.enablingBits.bytes)
    // An unsigned PL that a client printed anew has no signature that could show the second form (design decision 1).
    if (!belongsTo(pl.sealedTo) && !belongsTo(serverSurface(pl.sealedTo)))
      refuse(exceptions.hash, 'the hash in ENABLINGBITS is not that of the ISSUEDPRINCIPALS of the PL', {
        rule: 'the sealed key belongs to this PL',
        wanted: 'the hash of the ISSUEDPRINCIPALS of the PL',
        found: 'the hash of something else',
      })
    return { contentKey: readKeyBlob(payload).key, keyBlob: payload }
  } catch (error) {
    if (error instanceof SealBroken || error instanceof BadKeyBlob)
      return refuse(error.des ? exceptions.des : exceptions.other, error.message, {
        rule: 'ENABLINGBITS hold an AES key, sealed to the server that the PL was made for',
        wanted: `an AES key, sealed to ${licensor.principal.object?.id}`,
        found: error.des ? 'a DES key' : error.message,
      })
    throw error
  }
}

/**
 * Content key and policy, for licensing: the plCache of [MS-RMPR] 3.1.1.1.2, kept as long as the PL itself is known. Whom they may be given to is decided
 * anew each time.
 */
export async function openPl(good: GoodPl): Promise<Pick<OpenPl, 'keyBlob' | 'rightsData'>> {
  const {
    pl: { document },
    licensor,
  } = good
  const opener = licensor.signer.publicKey.modulus
  const before = plCache.get(document)
  if (before?.opener === opener) return before.open
  // Those that ask while it is opened wait for the same.
  const open = openPlAnew(good)
  plCache.set(document, { opener, open })
  open.catch(() => plCache.forget(document))
  return open
}

const plCache = documentSlot<{
  readonly opener: string
  readonly open: Promise<Pick<OpenPl, 'keyBlob' | 'rightsData'>>
}>()

async function openPlAnew(good: GoodPl): Promise<Pick<OpenPl, 'keyBlob' | 'rightsData'>> {
  const { contentKey, keyBlob } = await openContentKey(good, plainSealExceptions)
  return { keyBlob, rightsData: openRightsData(good.pl, contentKey, 'UnspecifiedError').rightsData }
}

/** Decrypts and reads the policy. */
export function openRightsData(
  pl: Pl,
  contentKey: Buffer,
  unreadable: ExceptionKey,
): { rightsData: RightsData; rightsDataText: string } {
  return reading(unreadable, () => {
    const rightsDataText = decryptRightsData(pl.encryptedRightsData, contentKey)
    return { rightsData: readRightsData(rightsDataText), rightsDataText }
  })
}
