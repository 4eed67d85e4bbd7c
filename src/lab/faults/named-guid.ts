/** Whether a request is about a content or a template: whether it names its GUID. */
import { decodeDocuments } from '../../xrml/document.js'

/**
 * @param body text, or the members of a JSON object, where licenses are base64
 * @returns asks for a GUID, without braces and in lower case; what is asked for first takes as long as the body is
 */
export function namedIn(body: unknown): (guid: string) => boolean {
  let text: string | undefined
  return (guid) => {
    text ??= textOf(body).toLowerCase()
    return text.includes(guid)
  }
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body
  if (Buffer.isBuffer(body)) return body.toString('latin1')
  if (typeof body !== 'object' || body === null) return ''
  return Object.values(body).map(memberText).join('\n')
}

function memberText(value: unknown): string {
  if (typeof value !== 'string') return textOf(value)
  try {
    return `${value}\n${decodeDocuments(Buffer.from(value))}`
  } catch {
    return value
  }
}
