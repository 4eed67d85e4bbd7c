/** Publishing licenses as REST carries them: base64 of the bytes that stand in a file (rest-mde 6, 7). */
import { refuseRest } from '../../rest-exceptions.js'
import { decodeText } from '../../xml/decode.js'
import { splitChains } from '../../xrml/chain.js'
import { readDocuments, withDeclaration, type XrmlDocument } from '../../xrml/document.js'
import { hasPrefixes, publishingLicenseLimits, reading } from '../read-documents.js'

const byteOrderMark = '\uFEFF'

/** UTF-8 with byte order mark and declaration, as the genuine files have it: what every client can read. */
export function serializeLicense(text: string): string {
  return Buffer.from(byteOrderMark + withDeclaration(text), 'utf8').toString('base64')
}

/**
 * The chain in a request, leaf first: UTF-8 or UTF-16LE, with or without byte order mark, with trailing NULs.
 * @throws RestException, or RmsException for what is no XrML
 */
export function readSerializedLicense(base64: string): readonly XrmlDocument[] {
  const compact = base64.replaceAll(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) refuseRest('BadInput', 'SerializedPublishingLicense is not base64')
  const bytes = Buffer.from(compact, 'base64')
  if (bytes.length > 2 * publishingLicenseLimits.bytes)
    refuseRest('BadInput', `the publishing license has ${bytes.length} bytes`)
  const text = decoded(bytes)
  const documents = reading('InvalidRightsLabelSignature', () => readDocuments(text))
  const { count } = publishingLicenseLimits
  if (documents.length === 0) refuseRest('BadInput', 'SerializedPublishingLicense has no XrML document')
  if (documents.length > count)
    refuseRest('BadInput', `there are ${documents.length} documents, at most ${count} are taken`)
  const prefixed = documents.find((document) => hasPrefixes(document.body.element))
  if (prefixed !== undefined)
    refuseRest('BadInput', `the ${prefixed.kind} has names with a namespace prefix: no XrML of RMS has`)
  // Behind it a file may have the owner's own license, with its chain.
  return splitChains(documents)[0] ?? documents
}

function decoded(bytes: Buffer): string {
  try {
    return decodeText(withoutHalfNul(bytes)).trim()
  } catch {
    return refuseRest('BadInput', 'the publishing license is neither UTF-8 nor UTF-16 text')
  }
}

/** A file whose UTF-16 text ends with one NUL byte: half a character. */
function withoutHalfNul(bytes: Buffer): Buffer {
  const isUtf16 = bytes[1] === 0 || (bytes[0] === 0xff && bytes[1] === 0xfe)
  return isUtf16 && bytes.length % 2 === 1 && bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes
}
