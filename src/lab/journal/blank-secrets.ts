/**
 * Takes out of an exchange what is a secret: passwords, answers of NTLM, tokens, codes, keys. What is left can be shown to everybody and kept in a
 * bug report.
 */

/** Stands where a secret stood. */
export const blank = '[blanked]'

export interface Header {
  readonly name: string
  readonly value: string
}

/** The secret between balancer and nodes is nobody's business, whatever is asked for. */
const innerHeaders = ['x-balancer-key']

/** Of a request or an answer. */
export function blankHeader({ name, value }: Header): Header {
  return { name, value: blankHeaderValue(name.toLowerCase(), value) }
}

/** Only what is never shown. */
export function blankInnerHeader({ name, value }: Header): Header {
  return { name, value: innerHeaders.includes(name.toLowerCase()) ? blank : value }
}

function blankHeaderValue(name: string, value: string): string {
  if (innerHeaders.includes(name)) return blank
  switch (name) {
    case 'authorization':
    case 'proxy-authorization':
      // The scheme tells how somebody signs in; what follows it is how.
      return /^\s*[\w-]+\s+\S/.test(value) ? `${value.trim().split(/\s+/)[0]} ${blank}` : blank
    case 'cookie':
      return value.replace(/=[^;]*/g, `=${blank}`)
    case 'set-cookie':
      return value.replace(/=[^;]*/, `=${blank}`)
    case 'location':
    case 'referer':
      return blankUrl(value)
    default:
      return value
  }
}

/** Parameters of OAuth and of our own sign-in page that let somebody in, in lower case. */
const secretNames = [
  'password',
  'passwd',
  'pwd',
  'client_secret',
  'client_assertion',
  'assertion',
  'code',
  'code_verifier',
  'access_token',
  'refresh_token',
  'id_token',
  'id_token_hint',
  'token',
]
const names = secretNames.join('|')

/** Values of the query and of the fragment. */
export function blankUrl(url: string): string {
  return url.replace(new RegExp(`([?&#;])(${names})=[^&#;]*`, 'gi'), `$1$2=${blank}`)
}

/** @param mediaType value of Content-Type; the form of the text counts where it says nothing */
export function blankBody(text: string, mediaType: string): string {
  if (/x-www-form-urlencoded/i.test(mediaType)) return blankForm(text)
  if (/json/i.test(mediaType) || /^\s*[{[]/.test(text)) return blankJson(text)
  return /^[^<]*</.test(text) ? blankXml(text) : blankForm(text)
}

function blankForm(text: string): string {
  return text.replace(new RegExp(`(^|&)(${names})=[^&]*`, 'gi'), `$1$2=${blank}`)
}

/** In JSON `Code` is what a refusal is called. */
const jsonNames = secretNames.filter((name) => name !== 'code' && name !== 'token').join('|')
const jsonText = '"(?:[^"\\\\]|\\\\.)*"'
const jsonSecret = new RegExp(`("(?:${jsonNames})"\\s*:\\s*)${jsonText}`, 'gi')
/** The content key in clear, as the REST services give it: `"Key":{"Algorithm":"AES",…,"Value":"…"}`. */
const jsonKey = new RegExp(`("Key"\\s*:\\s*\\{(?:[^{}"]|${jsonText}|\\{[^{}]*\\})*?"Value"\\s*:\\s*)${jsonText}`, 'gi')
/** A chain of documents in base64: a CLC in it has its private key, sealed. */
const jsonLicense = new RegExp(`("Serialized\\w*"\\s*:\\s*)(${jsonText})`, 'gi')

function blankJson(text: string): string {
  return text
    .replace(jsonSecret, `$1"${blank}"`)
    .replace(jsonKey, `$1"${blank}"`)
    .replace(jsonLicense, (_, before: string, value: string) => `${before}${blankLicense(value)}`)
}

/** A text of JSON, with its quotes: slashes and ends of lines may be escaped in it. */
function blankLicense(written: string): string {
  const value = written
    .slice(1, -1)
    .replace(/\\\//g, '/')
    .replace(/\\[rnt]/g, '')
  const blanked = blankBase64(value)
  return blanked === value ? written : `"${blanked}"`
}

/** Written again in the encoding that it had. What is no base64 of documents stays as it is. */
function blankBase64(value: string): string {
  const bytes = Buffer.from(value, 'base64')
  const encoding = bytes.includes(0) ? 'utf16le' : 'utf8'
  const text = bytes.toString(encoding)
  const blanked = blankXml(text)
  return blanked === text ? value : Buffer.from(blanked, encoding).toString('base64')
}

/** Each document, as it is or as escaped text in a message: to its end tag, or to the end of the text where that is missing. */
const documents = /(<|&lt;)XrML[\s>/&][^]*?(?:\1\/XrML|$)/g
/** Documents with the private key of an account, sealed to a machine or an account. */
const withPrivateKey =
  /type=(?:"|'|&quot;|&apos;)(?:Group-Identity-Credential|Client-Licensor-Certificate)(?:"|'|&quot;|&apos;)/
const sealed =
  /((?:<ENABLINGBITS\b[^<>]*>\s*<VALUE\b[^<>]*>|&lt;ENABLINGBITS\b(?:[^<>&]|&quot;|&apos;)*&gt;\s*&lt;VALUE\b(?:[^<>&]|&quot;|&apos;)*&gt;))[^<&]*/g
/** A content key that a decommissioned cluster hands out, and passwords of WS-Security. */
const xmlSecret = /(<(?:[\w.-]+:)?(?:ContentKey|Password)\b[^<>]*>)[^<]+/g
/** A document that a message carries as base64 of its file. */
const base64Node = /(<(?:[\w.-]+:)?Certificate\b[^<>]*>)([A-Za-z0-9+/=\s]{64,})(?=<)/g

function blankXml(text: string): string {
  return text
    .replace(documents, (document) =>
      withPrivateKey.test(document) ? document.replace(sealed, `$1${blank}`) : document,
    )
    .replace(xmlSecret, `$1${blank}`)
    .replace(base64Node, (_, before: string, value: string) => `${before}${blankBase64(value)}`)
}
