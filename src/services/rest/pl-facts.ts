/** What a publishing license says of its content in clear, as answers tell it (rest-mde 6, 7). */
import type { AuthenticatedData } from '../../xrml/body.js'
import type { Pl } from '../../xrml/pl.js'
import { readDescriptorName } from '../../xrml/template.js'
import { languageTag, textFor } from './languages.js'

export interface PlFacts {
  /** Of the policy: a template's GUID, or that of the author's own descriptor. */
  readonly Id: string | null
  readonly Name: string | null
  readonly Description: string | null
  readonly Referrer: string | null
  readonly ContentId: string | null
}

/** @param languages value of Accept-Language */
export function plFacts(pl: Pl, languages: string): PlFacts {
  const { descriptor, distributionPoints } = pl.document.body
  const found = textFor(readDescriptorName(descriptor?.name ?? ''), languages)
  const referral = distributionPoints.find((point) => point.type === 'Referral-Info')
  return {
    Id: descriptor?.id || null,
    Name: found?.name || null,
    Description: found?.description || null,
    Referrer: referral?.addresses[0]?.value || null,
    ContentId: pl.contentId?.id || null,
  }
}

/** Name and value pairs, without those that are switches of the licensing server; null when there is none. */
export function applicationData(data: readonly AuthenticatedData[]): Readonly<Record<string, string>> | null {
  const found = data.flatMap(({ id, name, value }) =>
    id === 'APPSPECIFIC' && name !== undefined && !switches.includes(name) ? [[name, value] as const] : [],
  )
  return found.length === 0 ? null : Object.fromEntries(found)
}

/** Names and descriptions in all languages, as a publishing request has them. */
export function descriptorsOf(pl: Pl): readonly object[] {
  return readDescriptorName(pl.document.body.descriptor?.name ?? '').map(({ lcid, name, description }) => ({
    Name: name,
    Description: description,
    Language: languageTag(lcid),
  }))
}

/** 1 in the policy: licenses are not kept ([MS-RMPR] 2.2.9.8.6). */
export const noCache = 'NOLICCACHE'
/** 1 in the policy: no audited extraction. Ours: the specifications have no place for it. */
export const noAuditedExtraction = 'NOAUDITEDEXTRACTION'
const switches: readonly string[] = [noCache, noAuditedExtraction]

export function isSwitchedOn(data: readonly AuthenticatedData[], name: string): boolean {
  return data.some((entry) => entry.name === name && entry.value.trim() === '1')
}
