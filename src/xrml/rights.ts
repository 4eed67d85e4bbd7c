/** Rights, the principals they are given to and the times they hold ([MS-RMPR] 2.2.9.8.4, 2.2.9.8.5). */
import { child, childrenNamed, descend, type XmlElement } from '../xml/read.js'
import { element, type Markup } from '../xml/write.js'
import { MalformedXrml, readObject } from './body.js'
import { objectElement } from './elements.js'
import { rangeElement, readRange, type TimeRange } from './times.js'

/** Who a right is given to: by SID, by mail address (user or group), or one of the two internal names. */
export interface RightsPrincipal {
  readonly idType: string
  readonly id: string
  readonly name: string | undefined
}

/** Absolute, or days counted from ISSUEDTIME, or both. */
export interface TimeCondition {
  readonly range?: TimeRange | undefined
  readonly days?: number | undefined
}

export interface Grant extends TimeCondition {
  /** Compared exactly, case included. */
  readonly right: string
  readonly principal: RightsPrincipal
}

/** Written as an element of their own name; all others as RIGHT with a name. */
const elementRights = new Set(['VIEW', 'PRINT', 'EDIT', 'EXTRACT', 'EXPORT'])

/** Rights that clients and servers of Microsoft know by name ([MS-RMPR] 2.2.9.8.4, rest-mde 6). Every other name is a right of an application's own. */
export const knownRights: readonly string[] = [
  'OWNER',
  'VIEW',
  'VIEWRIGHTSDATA',
  'EDIT',
  'EDITRIGHTSDATA',
  'DOCEDIT',
  'COMMENT',
  'PRINT',
  'EXTRACT',
  'AUDITEDEXTRACT',
  'EXPORT',
  'OBJMODEL',
  'SIGN',
  'FORWARD',
  'REPLY',
  'REPLYALL',
]

/** A right as people write it: a known one in any case; every other name is what it is. */
export function rightNamed(name: string): string {
  const upper = name.trim().toUpperCase()
  return knownRights.includes(upper) ? upper : name.trim()
}

/** The author of the content, whatever the account is called. */
export const ownerPrincipal: RightsPrincipal = { idType: 'Internal', id: 'Owner', name: undefined }
export const anyonePrincipal: RightsPrincipal = { idType: 'Internal', id: 'ANYONE', name: undefined }

export function mailPrincipal(mail: string): RightsPrincipal {
  return { idType: 'Unspecified', id: '', name: mail }
}

/** All grants of a WORK, both forms of a right accepted, one for each principal of each right. */
export function readGrants(work: XmlElement | undefined): readonly Grant[] {
  const lists = childrenNamed(work, 'RIGHTSGROUP').flatMap((group) => childrenNamed(group, 'RIGHTSLIST'))
  return lists.flatMap((list) => list.children).flatMap(readRight)
}

function readRight(right: XmlElement): readonly Grant[] {
  const name = right.name === 'RIGHT' ? (right.attributes.name ?? '') : right.name
  const conditions = child(right, 'CONDITIONLIST') ?? right
  const time = readTimeCondition(conditions)
  return childrenNamed(child(conditions, 'ACCESS'), 'PRINCIPAL').map((principal) => {
    const object = readObject(child(principal, 'OBJECT'))
    return {
      right: name,
      principal: { idType: object?.idType ?? '', id: object?.id ?? '', name: object?.name?.trim() },
      ...time,
    }
  })
}

/**
 * The TIME elements of a CONDITIONLIST or PRECONDITIONLIST.
 * @throws MalformedXrml for a time that cannot be read: passed over, it would be no condition at all
 */
export function readTimeCondition(list: XmlElement | undefined): TimeCondition {
  const parts = childrenNamed(list, 'TIME').flatMap((time) => time.children)
  const ranges = parts.filter((part) => part.name === 'RANGETIME').map(requiredRange)
  const days = parts.filter((part) => part.name === 'INTERVALTIME').map(requiredDays)
  const other = parts.find((part) => part.name !== 'RANGETIME' && part.name !== 'INTERVALTIME')
  if (other !== undefined || ranges.length > 1 || days.length > 1)
    throw new MalformedXrml(`TIME with ${parts.map((part) => part.name).join(', ')} cannot be evaluated`)
  return { range: ranges[0], days: days[0] }
}

function requiredRange(element: XmlElement): TimeRange {
  const range = readRange(element)
  if (range === undefined) throw new MalformedXrml('A RANGETIME needs FROM and UNTIL of the form YYYY-MM-DDThh:mm')
  return range
}

/** A hundred years: more is a mistake, and beyond what dates can count. */
const mostDays = 36_500

function requiredDays({ attributes }: XmlElement): number {
  const days = attributes.days ?? ''
  const others = Object.keys(attributes).filter((name) => name !== 'days')
  if (!/^\d{1,5}$/.test(days) || Number(days) < 1 || Number(days) > mostDays || others.length > 0) {
    throw new MalformedXrml(
      `An INTERVALTIME needs days from 1 to ${mostDays} and nothing else, it has ${JSON.stringify(attributes).slice(0, 100)}`,
    )
  }
  return Number(days)
}

/** One TIME element for each part of the condition. */
export function timeElements({ range, days }: TimeCondition): readonly Markup[] {
  const parts = [
    range === undefined ? undefined : rangeElement('RANGETIME', range),
    days === undefined ? undefined : element('INTERVALTIME', { days }),
  ]
  return parts.flatMap((part) => (part === undefined ? [] : [element('TIME', {}, part)]))
}

export function rightElement(name: string, ...content: readonly Markup[]): Markup {
  return elementRights.has(name) ? element(name, {}, content) : element('RIGHT', { name }, content)
}

/** RIGHTSGROUP with one right for each grant, as rights data and templates carry it. */
export function rightsGroup(grants: readonly Grant[]): Markup {
  const rights = grants.map((grant) => {
    const { idType, id, name } = grant.principal
    const principal = element('PRINCIPAL', {}, objectElement({ idType, id, name }))
    return rightElement(
      grant.right,
      element('CONDITIONLIST', {}, element('ACCESS', {}, principal), timeElements(grant)),
    )
  })
  return element('RIGHTSGROUP', { name: 'Main-Rights' }, element('RIGHTSLIST', {}, rights))
}

/** The sealed content key of a use license: the same for every right of it. */
export function firstEnablingBits(work: XmlElement | undefined): XmlElement | undefined {
  const rights = descend(work, 'RIGHTSGROUP', 'RIGHTSLIST')?.children ?? []
  return rights
    .map((right) => descend(child(right, 'CONDITIONLIST') ?? right, 'ACCESS', 'PRINCIPAL', 'ENABLINGBITS'))
    .find((bits) => bits !== undefined)
}
