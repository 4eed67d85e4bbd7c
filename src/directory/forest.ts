/** What follows from the name of a forest: the same each time, and another for each name. */
import { createHash } from 'node:crypto'
import { forestNameProblem } from '../config/forest-name.js'
import type { Forest } from './directory.js'

/** The forest of an installation that was told no other name. */
export const usualForestName = 'contoso.test'
const usualDomainSid = 'S-1-5-21-1712426984-1618080182-1209977580'

/** Characters of a NetBIOS name. */
const longestNetbiosName = 15

/**
 * @param name DNS name, in any case
 * @throws RangeError when it is none
 */
export function forestNamed(name: string): Forest {
  const problem = forestNameProblem(name)
  if (problem !== undefined) throw new RangeError(`The name of a forest ${problem}`)
  const dnsName = name.toLowerCase()
  return {
    dnsName,
    netbiosName: firstPart(dnsName).slice(0, longestNetbiosName).toUpperCase(),
    domainSid: dnsName === usualForestName ? usualDomainSid : madeSid(dnsName),
  }
}

/** How its people write it: `Fabrikam`. */
export function forestTitle({ dnsName }: Pick<Forest, 'dnsName'>): string {
  const first = firstPart(dnsName)
  return first.slice(0, 1).toUpperCase() + first.slice(1)
}

/** The group of the accounts under which servers call each other. */
export function serviceGroupOf({ netbiosName }: Pick<Forest, 'netbiosName'>): string {
  return `${netbiosName}\\RMS Service Group`
}

function firstPart(dnsName: string): string {
  return dnsName.split('.')[0] ?? ''
}

/** Three 32-bit numbers behind the authority of domains, as Windows draws them by chance ([MS-DTYP] 2.4.2.4). */
function madeSid(dnsName: string): string {
  const digest = createHash('sha256').update(`forest:${dnsName}`, 'utf8').digest()
  return `S-1-5-21-${[0, 4, 8].map((offset) => digest.readUInt32BE(offset)).join('-')}`
}

/**
 * Examples are written for contoso.test, and for fabrikam.test as its partner.
 * @returns the text as it is for another forest, where its own accounts are named
 */
export function inForest(text: string, forest: Pick<Forest, 'dnsName' | 'netbiosName'>): string {
  if (forest.dnsName === usualForestName) return text
  const first = firstPart(forest.dnsName)
  const own = (written: string): string => {
    if (written.includes('.')) return forest.dnsName
    if (written === written.toUpperCase()) return forest.netbiosName
    return written === written.toLowerCase() ? first : forestTitle(forest)
  }
  const spelledAs = { FABRIKAM: 'CONTOSO', Fabrikam: 'Contoso', fabrikam: 'contoso' } as const
  const partner = (written: keyof typeof spelledAs): string => (first === 'fabrikam' ? spelledAs[written] : written)
  return text.replace(/contoso\.test|contoso|CONTOSO|Contoso|fabrikam|FABRIKAM|Fabrikam/g, (written) =>
    written in spelledAs ? partner(written as keyof typeof spelledAs) : own(written),
  )
}
