/** Rights, the principals they are given to and the times they hold ([MS-RMPR] 2.2.9.8.4, 2.2.9.8.5). */
import { child, childrenNamed, descend, type XmlElement } from '../xml/read.js'
import { element, type Markup } from '../xml/write.js'
import { readObject } from './body.js'
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
    return { right: name, principal: { idType: object?.idType ?? '', id: object?.id ?? '', name: object?.name?.trim() }, ...time }
  })
}

/** The TIME elements of a CONDITIONLIST or PRECONDITIONLIST. */
export function readTimeCondition(list: XmlElement | undefined): TimeCondition {
  const times = childrenNamed(list, 'TIME')
  const range = times.map((time) => readRange(child(time, 'RANGETIME'))).find((found) => found !== undefined)
  const days = times.map((time) => readDays(child(time, 'INTERVALTIME'))).find((found) => found !== undefined)
  return { range, days }
}

function readDays(interval: XmlElement | undefined): number | undefined {
  const days = Number(interval?.attributes.days ?? Number.NaN)
  return Number.isInteger(days) && days >= 0 ? days : undefined
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
    return rightElement(grant.right, element('CONDITIONLIST', {}, element('ACCESS', {}, principal), timeElements(grant)))
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

