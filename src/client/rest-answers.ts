/** Reading of the answers of REST services: nothing is used before its form is known (rest-mde 4 to 7). */
import type { CipherMode, SymmetricKey } from '../crypto/content-key.js'
import { AccessDenied, isObject, textOf } from './rest-caller.js'
import type { RestLicense, RestPublished, RestServices, RestTemplate } from './rest-types.js'
import { VerificationFailed } from './verify.js'

export const restServiceNames = [
  'EndUserLicenses',
  'PublishingLicenses',
  'Templates',
  'ClientDebugLogs',
  'ClientPerformanceLogs',
] as const

/** @throws VerificationFailed unless all five are there */
export function readServices(answer: unknown, url: string): RestServices {
  const what = `service list from ${url}`
  const entries = listOf(answer, what).map((entry): readonly [string, string] => [
    textOf(entry['Name']),
    textOf(entry['Uri']),
  ])
  const wrong = entries.find(
    ([name, uri]) => name === '' || !/^https?:$/.test(URL.canParse(uri) ? new URL(uri).protocol : ''),
  )
  if (wrong !== undefined)
    throw new VerificationFailed(
      what,
      `it has an entry without name or http address: ${JSON.stringify(wrong).slice(0, 100)}`,
    )
  const services = new Map(entries.map(([name, uri]) => [name.toLowerCase(), uri]))
  const missing = restServiceNames.filter((name) => !services.has(name.toLowerCase()))
  if (missing.length > 0) throw new VerificationFailed(what, `it does not have ${missing.join(', ')}`)
  return new Map(restServiceNames.map((name) => [name, services.get(name.toLowerCase()) ?? '']))
}

export function readTemplates(answer: unknown, url: string): readonly RestTemplate[] {
  const what = `template list from ${url}`
  return listOf(answer, what).map((entry) => {
    const [id, name, description] = [textOf(entry['Id']), textOf(entry['Name']), textOf(entry['Description'])]
    if (id === '' || name === '' || description === '')
      throw new VerificationFailed(what, 'a template lacks Id, Name or Description')
    return { id, name, description }
  })
}

export function readPublished(answer: unknown, url: string): RestPublished {
  const what = `publishing license from ${url}`
  const members = objectOf(answer, what)
  const license = textOf(members['SerializedPublishingLicense'])
  if (license === '') throw new VerificationFailed(what, 'SerializedPublishingLicense is missing')
  const text = new TextDecoder().decode(Buffer.from(license, 'base64'))
  return {
    text,
    contentId: textOf(members['ContentId']),
    contentKey: readKey(members['Key'], what),
    owner: textOf(members['Owner']),
  }
}

/** @throws AccessDenied, VerificationFailed */
export function readLicense(answer: unknown, url: string, user: string): RestLicense {
  const what = `end user license from ${url}`
  const members = objectOf(answer, what)
  const status =
    textOf(members['AccessStatus']) ||
    (members['Key'] === undefined || members['Key'] === null ? 'AccessDenied' : 'AccessGranted')
  if (status.toLowerCase() !== 'accessgranted')
    throw new AccessDenied(status, textOf(members['IssuedTo']) || user, textOf(members['Referrer']) || undefined)
  const rights = members['Rights'] ?? []
  if (!Array.isArray(rights) || rights.some((right) => typeof right !== 'string'))
    throw new VerificationFailed(what, 'Rights is no list of texts')
  const validUntil = textOf(members['LicenseValidUntil'])
  return {
    contentKey: readKey(members['Key'], what),
    rights: rights as readonly string[],
    owner: textOf(members['Owner']),
    issuedTo: textOf(members['IssuedTo']),
    fromTemplate: members['FromTemplate'] === true,
    validUntil: validUntil === '' ? undefined : new Date(validUntil),
  }
}

const cipherModes: readonly CipherMode[] = ['ECB', 'CBC4K', 'CBC4K.NOPADDING', 'CBC512.NOPADDING']

function readKey(value: unknown, what: string): SymmetricKey {
  const members = objectOf(value, `${what}, Key`)
  const named = textOf(members['CipherMode'])
    .replace(/^microsoft\./i, '')
    .toUpperCase()
  const cipherMode = cipherModes.find((mode) => mode === named)
  const key = Buffer.from(textOf(members['Value']), 'base64')
  if (cipherMode === undefined || textOf(members['Algorithm']) !== 'AES' || ![16, 24, 32].includes(key.length)) {
    throw new VerificationFailed(
      what,
      `its key is of ${textOf(members['Algorithm'])} ${textOf(members['CipherMode'])} with ${key.length} bytes, which this client does not know`,
    )
  }
  return { key, cipherMode }
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value
  throw new VerificationFailed(what, 'it is no JSON object')
}

function listOf(value: unknown, what: string): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value) && value.every(isObject)) return value
  throw new VerificationFailed(what, 'it is no JSON array of objects')
}
