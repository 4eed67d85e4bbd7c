/** Requests for several licenses: one bad item fails alone ([MS-RMPR] 3.4.4.1, [MS-RMSI] 3.5.4.1), and their sum is bounded. */
import { refuse, RmsException } from '../../exceptions.js'
import { xmlNode } from '../../soap/xml-node.js'
import { element, text, type Markup } from '../../xml/write.js'
import type { Notes } from '../context.js'
import { stepOf } from '../steps.js'
import { licensingNamespace } from './messages.js'

export type ItemResult = string | RmsException

/** Characters of licenses in one answer: more would let a small request take the server's memory. */
const mostIssued = 32 * 1024 * 1024

/**
 * Licenses each item. What one of them throws stands in its place, and in the notes.
 * @param issue gives the license of an item
 */
export async function licenseItems<Item>(
  items: readonly Item[],
  notes: Notes,
  issue: (item: Item) => Promise<string>,
): Promise<readonly ItemResult[]> {
  const results: ItemResult[] = []
  const refusals: string[] = []
  let issued = 0
  for (const item of items) {
    try {
      if (issued > mostIssued)
        refuse('UnspecifiedError', `the licenses of this request have more than ${mostIssued} characters already`)
      const license = await issue(item)
      issued += license.length
      results.push(license)
    } catch (error) {
      const refusal =
        error instanceof RmsException
          ? error
          : new RmsException(
              'UnspecifiedError',
              `unexpected: ${error instanceof Error ? error.message : String(error)}`,
            )
      const step = stepOf(error)
      ;(notes.refusals ??= []).push({ error: refusal, step: step ?? 'license', why: refusal.why })
      refusals.push(
        `number ${results.length + 1}${step === undefined ? '' : ` at step "${step}"`}: ${refusal.fullName}: ${refusal.why}`.slice(
          0,
          300,
        ),
      )
      results.push(refusal)
    }
  }
  if (refusals.length > 0) notes.metadata.refused = refusals
  return results
}

/** One item's refusal; the index counts from zero, in the licensing namespace: both are open in the specifications. */
export function exceptionElement(
  name: 'AcquireLicenseException' | 'AcquirePreLicenseException',
  exception: RmsException,
  index: number,
): Markup {
  return xmlNode(
    element(
      name,
      { xmlns: licensingNamespace },
      element('ExceptionString', {}, text(exception.faultString)),
      element('batchindex', {}, text(index)),
    ),
  )
}

/** Adds the license to the notes of the request. */
export function noteIssued(notes: Notes, guid: string, license: string): void {
  notes.metadata.issued = [...((notes.metadata.issued as readonly string[] | undefined) ?? []), guid]
  notes.issued.push(license)
}
