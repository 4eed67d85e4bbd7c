/** What a proxy says of the request that it had: X-Forwarded-Proto, -Host and -Port, and Forwarded (RFC 7239). To be read of proxies that are believed only. */
import { atPort, legalAuthority, type Scheme } from './authority.js'

export interface Asked {
  readonly scheme: Scheme
  /** Undefined when nothing names it. */
  readonly host: string | undefined
}

/** The values of a header, by its name in lower case. */
export type HeaderValues = (name: string) => readonly string[]

/**
 * How the request was before the proxies: of a list the first value counts, that of the proxy nearest to the client. Of X-Forwarded-… and Forwarded a
 * proxy may write one and leave the other as the client sent it: where they differ, neither counts.
 * @param own how the request came here; what is not said, or not legal, stays as it was
 */
export function forwardedAsked(valuesOf: HeaderValues, own: Asked): Asked {
  const first = (name: string): string => firstOf(valuesOf(name).join(','))
  const standard = pairsOf(valuesOf('forwarded').join(','))
  const scheme = agreed(schemeOf(first('x-forwarded-proto')), schemeOf(standard.get('proto') ?? '')) ?? own.scheme
  if (namesNoHost(valuesOf)) return { scheme, host: undefined }
  const named = valuesOf('x-forwarded-host').join(',')
  // A name may have a comma: what the Host header says too is no list.
  const nearest = named === own.host ? named : firstOf(named)
  const host = agreed(legalAuthority(nearest), legalAuthority(standard.get('host') ?? '')) ?? own.host
  const port = first('x-forwarded-port')
  return { scheme, host: host !== undefined && isPort(port) ? atPort(scheme, host, port) : host }
}

/** Whether a balancer of ours says that the client named no host, as HTTP/1.0 allows: what is named here is the balancer's own way. */
export function namesNoHost(valuesOf: HeaderValues): boolean {
  const values = valuesOf('x-forwarded-host')
  return values.length > 0 && values.every((value) => value === '')
}

/** Undefined when they differ, or neither is there. */
function agreed<Said extends string>(one: Said | undefined, other: Said | undefined): Said | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.toLowerCase() === other.toLowerCase() ? one : undefined
}

function firstOf(list: string): string {
  return (list.split(',')[0] ?? '').trim()
}

function schemeOf(text: string): Scheme | undefined {
  const lower = text.toLowerCase()
  return lower === 'http' || lower === 'https' ? lower : undefined
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535
}

/**
 * Whom each proxy had the request from, the client first: as X-Forwarded-For says, or Forwarded where there is none of it.
 * @returns values that are to be read as lists
 */
export function forwardedFor(valuesOf: HeaderValues): readonly string[] {
  const usual = valuesOf('x-forwarded-for')
  return usual.length > 0
    ? usual
    : elementsOf(valuesOf('forwarded').join(',')).map((pairs) => pairs.get('for') ?? 'unknown')
}

/** Of the first element of a Forwarded header. */
function pairsOf(header: string): Pairs {
  return elementsOf(header)[0] ?? new Map()
}

/** Names in lower case, values without their quotes. */
type Pairs = ReadonlyMap<string, string>

/** What stands behind something that is malformed is not read. */
function elementsOf(header: string): readonly Pairs[] {
  const elements: Pairs[] = []
  let pairs = new Map<string, string>()
  for (const [, name = '', quoted, token = '', end = ''] of header.matchAll(
    /\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*([;,]|$)/gy,
  )) {
    pairs.set(name.toLowerCase(), quoted === undefined ? token : quoted.replaceAll(/\\(.)/g, '$1'))
    if (end === ';') continue
    elements.push(pairs)
    pairs = new Map()
  }
  return pairs.size === 0 ? elements : [...elements, pairs]
}
