/** Which texts are values of the simple types (XML Schema part 2, as .NET reads it). */
import { exceptions } from '../exceptions.js'
import { innerText, type XmlElement } from '../xml/read.js'
import type { Enumeration, SimpleType } from './schema.js'
import { quoted, SoapProblem, type SoapVersion } from './soap-problem.js'

/**
 * @throws SoapProblem Client, which says what can be read: it is the sender's mistake, and sending it again does not help
 */
export function requireReadable(holder: XmlElement, type: SimpleType | Enumeration, version: SoapVersion): void {
  // ASP.NET takes a value with markup in it for a document that cannot be read
  if (hasMarkup(holder)) throw unreadable(`${quoted(holder.name)} has markup in its value`, version, 400)
  const { isValue, name } = typeof type === 'string' ? simpleValues[type] : valuesOf(type)
  if (isValue(holder.text)) return
  throw unreadable(`${quoted(holder.name)} is ${quoted(holder.text)}, and can be ${name}`, version)
}

/** The name of the exception is what [MS-RMPR] 3.7.4.2 has for a malformed service type: with ASP.NET it stands inside, like this. */
function unreadable(why: string, version: SoapVersion, status?: number): SoapProblem {
  const text = `Server was unable to read request. ---> ${exceptions.InvalidOperation.name}: ${why}.`
  return new SoapProblem('Client', text, version, { status })
}

interface Values {
  readonly isValue: (text: string) => boolean
  /** For people. */
  readonly name: string
}

const mostInt = 2 ** 31
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const simpleValues: Readonly<Record<SimpleType, Values>> = {
  string: { isValue: () => true, name: 'any text' },
  boolean: { isValue: (text) => /^(?:true|false|1|0)$/.test(text.trim()), name: 'true, false, 1 or 0' },
  int: { isValue: isInt, name: `a whole number from -${mostInt} to ${mostInt - 1}` },
  base64Binary: { isValue: (text) => base64.test(text.replaceAll(/[ \t\r\n]+/g, '')), name: 'base64' },
  guid: { isValue: (text) => readGuid(text) !== undefined, name: 'a GUID' },
}

/** To the letter: not even blanks may stand around it. */
function valuesOf({ values }: Enumeration): Values {
  return { isValue: (text) => values.includes(text), name: values.join(', ') }
}

function isInt(text: string): boolean {
  if (!/^[+-]?\d{1,40}$/.test(text.trim())) return false
  const value = Number(text)
  return value >= -mostInt && value < mostInt
}

/**
 * With hyphens or without, in braces, parentheses or neither.
 * @returns 32 digits with hyphens, in lower case; undefined for what is no GUID
 */
export function readGuid(text: string): string | undefined {
  if (!guidForm.test(text.trim())) return undefined
  const digits = text.replaceAll(/[^0-9a-f]/gi, '').toLowerCase()
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const hyphened = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const guidForm = new RegExp(`^(?:[0-9a-f]{32}|${hyphened}|\\{${hyphened}\\}|\\(${hyphened}\\))$`, 'i')

/** Elements, comments, processing instructions: only CDATA is a way to write text. */
function hasMarkup(holder: XmlElement): boolean {
  if (holder.children.length > 0) return true
  const written = innerText(holder)
  return written.length !== holder.text.length && written.replaceAll(/<!\[CDATA\[.*?\]\]>/gs, '').includes('<')
}
