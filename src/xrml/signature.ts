/** The SIGNATURE of a document: made and checked ([MS-RMPR] 2.2.9.1.12). */
import { publicKeyFromModulus } from '../crypto/keys.js'
import { hashes, type HashName } from '../crypto/modes.js'
import { isSignatureGood, surfaceDigest } from '../crypto/signed-octets.js'
import type { Signer } from '../crypto/signer.js'
import { child, childrenNamed, descend, type XmlElement } from '../xml/read.js'
import { element, text, type Markup } from '../xml/write.js'
import { readOneDocument, type XrmlDocument } from './document.js'
import { rememberDocument } from './known-documents.js'
import { documentSlot } from './once-per-document.js'

/** Who writes: servers put DIGEST first and xmlns first, clients ALGORITHM first and version first. */
export type Surface = 'server' | 'client'

export interface SignatureCheck {
  readonly digest: {
    readonly ok: boolean
    readonly algorithm: string
    readonly expected: string
    readonly found: string
  }
  readonly signature: { readonly ok: boolean; readonly why?: string }
  /** The document that was good: the repaired one when a client had printed its empty elements anew. */
  readonly document: XrmlDocument
  readonly repaired: boolean
  readonly ok: boolean
}

/**
 * Signs a BODY and writes the whole document.
 * @param body `<BODY …>…</BODY>`
 */
export async function signDocument(
  body: Markup,
  { signer, hash, surface, purpose }: { signer: Signer; hash: HashName; surface: Surface; purpose?: string },
): Promise<string> {
  const digest = surfaceDigest(body, hash)
  const signature = await signer.sign(digest, hash)
  const root = surface === 'server' ? '<XrML xmlns="" version="1.2"' : '<XrML version="1.2" xmlns=""'
  const purposeAttribute = purpose === undefined ? '' : ` purpose="${purpose}"`
  return `${root}${purposeAttribute}>${body}${signatureElement(digest, hash, signature, surface)}</XrML>`
}

function signatureElement(digest: Buffer, hash: HashName, signature: Buffer, surface: Surface): Markup {
  const digestPart = element(
    'DIGEST',
    {},
    element('ALGORITHM', {}, text(hash)),
    element('PARAMETER', { name: 'codingtype' }, element('VALUE', { encoding: 'string' }, text('surface-coding'))),
    base64Value(digest),
  )
  const algorithmPart = element('ALGORITHM', {}, text('RSA PKCS#1-V1.5'))
  const firstParts = surface === 'server' ? [digestPart, algorithmPart] : [algorithmPart, digestPart]
  return element('SIGNATURE', {}, firstParts, base64Value(signature))
}

/** Base64 with its size in bits. */
export function base64Value(bytes: Buffer): Markup {
  return element('VALUE', { encoding: 'base64', size: bytes.length * 8 }, text(bytes.toString('base64')))
}

/**
 * Checks digest and signature of a document against the key in its own ISSUER. When the digest does not fit, one second try is made with
 * `<X/>` written as `<X />` in BODY: three client stacks re-print empty elements that way (soap-clients, "XrML surface").
 */
export function checkSignature(document: XrmlDocument): SignatureCheck {
  const before = goodSignatures.get(document)
  if (before !== undefined) return before
  const check = checkWithSecondTry(document)
  if (check.ok) {
    goodSignatures.set(document, check)
    rememberDocument(document)
  }
  return check
}

const goodSignatures = documentSlot<SignatureCheck>()

function checkWithSecondTry(document: XrmlDocument): SignatureCheck {
  const first = checkAsItStands(document)
  if (first.digest.ok || !/[^\s]\/>/.test(document.bodyText)) return first
  const repaired = withServerSurface(document)
  const second = repaired === undefined ? first : checkAsItStands(repaired)
  return second.digest.ok ? { ...second, repaired: true } : first
}

function checkAsItStands(document: XrmlDocument): SignatureCheck {
  const parts = readSignature(document.signature)
  const found = parts.hash === undefined ? '' : surfaceDigest(document.bodyText, parts.hash).toString('base64')
  const digestOk = parts.hash !== undefined && found === parts.digest.toString('base64')
  const why = whyNotSigned(document, parts)
  return {
    digest: { ok: digestOk, algorithm: parts.algorithm, expected: parts.digest.toString('base64'), found },
    signature: why === undefined ? { ok: true } : { ok: false, why },
    document,
    repaired: false,
    ok: digestOk && why === undefined,
  }
}

interface SignatureParts {
  readonly algorithm: string
  readonly hash: HashName | undefined
  readonly digest: Buffer
  readonly value: Buffer
}

function readSignature(signature: XmlElement | undefined): SignatureParts {
  const algorithm = descend(signature, 'DIGEST', 'ALGORITHM')?.text.trim() ?? ''
  const digest = childrenNamed(child(signature, 'DIGEST'), 'VALUE')[0]?.text ?? ''
  return {
    algorithm,
    hash: isHashName(algorithm) ? algorithm : undefined,
    digest: Buffer.from(digest, 'base64'),
    value: Buffer.from(child(signature, 'VALUE')?.text ?? '', 'base64'),
  }
}

function isHashName(name: string): name is HashName {
  return Object.hasOwn(hashes, name)
}

function whyNotSigned(document: XrmlDocument, { hash, digest, value, algorithm }: SignatureParts): string | undefined {
  const issuerKey = document.body.issuer?.publicKey
  if (document.signature === undefined) return 'the document has no SIGNATURE'
  if (issuerKey === undefined) return 'the ISSUER has no RSA key'
  if (hash === undefined) return `the digest algorithm "${algorithm}" is neither SHA1 nor SHA256`
  const key = tryPublicKey(issuerKey.modulus)
  if (key === undefined) return 'the modulus of the ISSUER is not that of an RSA key'
  return isSignatureGood(key, digest, hash, value)
    ? undefined
    : "the signature is not that of the ISSUER's key over the DIGEST"
}

function tryPublicKey(modulus: string): ReturnType<typeof publicKeyFromModulus> | undefined {
  try {
    return publicKeyFromModulus(modulus)
  } catch {
    return undefined
  }
}

/** Empty elements as the genuine servers write them, with a blank before the slash. */
export function serverSurface(text: string): string {
  return text.replace(/([^\s])\/>/g, '$1 />')
}

function withServerSurface(document: XrmlDocument): XrmlDocument | undefined {
  const body = serverSurface(document.bodyText)
  try {
    return readOneDocument(document.text.replace(document.bodyText, () => body))
  } catch {
    return undefined // cut out of a message whose namespace prefixes it used: cannot stand alone
  }
}
