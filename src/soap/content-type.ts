/** The Content-Type of a message, taken apart (RFC 9110 8.3.1). */

export interface ContentType {
  /** In lower case; '' when there is none. */
  readonly mediaType: string
  /** By name in lower case, without quotes. Of one that comes twice the first counts. */
  readonly parameters: ReadonlyMap<string, string>
}

/** A value may be in quotes, with anything in it; SOAP stacks send actions without quotes too, which no token of HTTP may be. */
const parameter = /;[ \t]*(?:([^\s;="]+)[ \t]*=(?:[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*|([^;"]*))(?=;|$))?/y

/**
 * Reads as far as the value can be understood: what comes behind a mistake is left out.
 * @param value of the header
 */
export function readContentType(value = ''): ContentType {
  const end = value.includes(';') ? value.indexOf(';') : value.length
  const parameters = new Map<string, string>()
  parameter.lastIndex = end
  for (let found = parameter.exec(value); found !== null; found = parameter.exec(value)) {
    const [, name, quoted, plain = ''] = found
    const key = name?.toLowerCase()
    if (key !== undefined && !parameters.has(key))
      parameters.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain.trim())
  }
  return { mediaType: value.slice(0, end).trim().toLowerCase(), parameters }
}
