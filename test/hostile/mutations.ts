/** Changes of a request's body: text in, text or bytes out. Every one takes its chance from the generator it is given. */
import type { Base, Material, Span } from './material.js'
import type { Prng } from './prng.js'

export type Mutation = (body: string, prng: Prng, base: Base, material: Material) => string | Buffer

const replaced = (body: string, [start, end]: Span, by: string): string => body.slice(0, start) + by + body.slice(end)
/** A place in the unchanged body, cut to one that another change may have shortened. */
const within = (body: string, [start, end]: Span): Span => [Math.min(start, body.length), Math.min(end, body.length)]
const inTag = (body: string, at: number, what: string): string => body.slice(0, at) + what + body.slice(at)

const numbers = [
  '-1',
  '0',
  '00',
  '1e309',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '99999999999999999999',
  'NaN',
  '',
  '0x10',
  '1.2',
  '١',
  '+1',
  ' 7 ',
  '-0',
  '65536',
]
const texts = [
  '../../../../etc/passwd',
  "' OR 1=1 --",
  '%s%n%x',
  '\u202Eevil',
  '\uFFFD\u0301',
  'constructor',
  '__proto__',
  'toString',
  'true',
  '${7*7}',
  'http://127.0.0.1:1/',
  '*',
  'S-1-5-18',
  'alice@contoso.test',
  'ANYONE',
  '2999-01-01T00:00',
  '0000-00-00T99:99',
  '&#x10FFFF;',
  '<![CDATA[x]]>',
  '<a/>',
]
const entities = ['&xxe;', '&#0;', '&#xD800;', '&#x110000;', '&amp', '&;', '&#x;', '&#99999999999;', '&lt;XrML/&gt;']
const doctypes = [
  '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
  '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
  '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]>',
]
const versions = [
  '1.0.0.1',
  '9.9.9.9',
  '-1.0.0.0',
  '1.0.0',
  '65536.0.0.0',
  '1.0.0.0.0',
  '1e9.0.0.0',
  '',
  '0.0.0.0',
  '1.1.0.0',
  '1.2.0.0',
  '١.0.0.0',
]

export const bodyMutations: Readonly<Record<string, Mutation>> = {
  'flip bytes': (body, prng) => {
    const bytes = Buffer.from(body)
    for (let count = 1 + prng.below(8); count > 0; count--) {
      const at = prng.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << prng.below(8))
    }
    return bytes
  },
  'change characters': (body, prng) => {
    const at = prng.below(body.length)
    return replaced(
      body,
      [at, at + 1 + prng.below(3)],
      prng.pick(['A', '0', '<', '>', '"', ' ', '/', '\n', '=', 'é', '\u0000', ']]>']),
    )
  },
  truncate: (body, prng) => body.slice(0, prng.below(body.length)),
  'cut out': (body, prng) => {
    const at = prng.below(body.length)
    return replaced(body, [at, at + 1 + prng.below(400)], '')
  },
  insert: (body, prng) => {
    const bytes = Buffer.from(body)
    const at = prng.below(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), prng.bytes(1 + prng.below(60)), bytes.subarray(at)])
  },
  'double an element': (body, prng, base) => {
    const [start, end] = within(body, prng.pick(base.elements))
    return inTag(body, end, body.slice(start, end).repeat(1 + prng.below(3)))
  },
  'swap elements': (body, prng, base) => {
    const [one, other] = [prng.pick(base.elements), prng.pick(base.elements)].toSorted((a, b) => a[0] - b[0]) as [
      Span,
      Span,
    ]
    if (one[1] > other[0]) return replaced(body, one, '')
    return (
      body.slice(0, one[0]) +
      body.slice(...other) +
      body.slice(one[1], other[0]) +
      body.slice(...one) +
      body.slice(other[1])
    )
  },
  'remove an element': (body, prng, base) => replaced(body, within(body, prng.pick(base.elements)), ''),
  'move an element': (body, prng, base) => {
    const [start, end] = within(body, prng.pick(base.elements))
    const [, into] = within(body, prng.pick(base.startTags))
    return inTag(body, into, body.slice(start, end))
  },
  'huge attribute': (body, prng, base) => {
    const [start, end] = within(body, prng.pick(base.startTags))
    const at = body.indexOf(' ', start)
    const value = prng.pick(['a', '&lt;', 'é']).repeat(1 << (10 + prng.below(7)))
    return inTag(body, at > 0 && at < end ? at : Math.max(start, end - 1), ` x${prng.below(9)}="${value}"`)
  },
  'many attributes': (body, prng, base) => {
    const [start] = within(body, prng.pick(base.startTags))
    const names = Array.from({ length: 1 + prng.below(3000) }, (_, index) => ` a${index}="${index}"`)
    return body.slice(0, start) + body.slice(start).replace(/^<[^\s/>]+/, (tag) => tag + names.join(''))
  },
  nest: (body, prng, base) => {
    const [, at] = within(body, prng.pick(base.startTags))
    const depth = prng.pick([2, 50, 99, 101, 1000, 20_000])
    return inTag(body, at, '<n>'.repeat(depth) + '</n>'.repeat(prng.pick([depth, depth - 1])))
  },
  'many elements': (body, prng, base) =>
    inTag(body, within(body, prng.pick(base.startTags))[1], '<m/>'.repeat(prng.pick([10, 1000, 30_000]))),
  entities: (body, prng, base) =>
    prng.below(2) === 0
      ? body.replace('?>', `?>${prng.pick(doctypes)}`)
      : replaced(body, within(body, prng.pick(base.texts)), prng.pick(entities)),
  'wrong number': (body, prng) => {
    const all = [...body.slice(body.indexOf('Body>')).matchAll(/(?<=[>"])\d+(?=[<"])/g)]
    if (all.length === 0) return body.slice(1)
    const match = prng.pick(all)
    const start = body.indexOf('Body>') + match.index
    return replaced(body, [start, start + match[0].length], prng.pick(numbers))
  },
  'random base64': (body, prng) => {
    const all = [...body.matchAll(/(?<=>)[A-Za-z0-9+/]{24,}=*(?=<)/g)]
    if (all.length === 0) return body.slice(1)
    const match = prng.pick(all)
    const length = Math.floor((match[0].length * 3) / 4)
    const value = prng.bytes(prng.pick([length, length, length - 1, length + 16, 0, 1])).toString('base64')
    return replaced(body, [match.index, match.index + match[0].length], value)
  },
  'other text': (body, prng, base) =>
    replaced(body, within(body, prng.pick(base.texts)), prng.pick([...texts, '', 'x'.repeat(1 + prng.below(5000))])),
  'swap certificates': (body, prng, base, { documents }) => {
    if (base.certificates.length === 0)
      return replaced(body, within(body, prng.pick(base.elements)), prng.pick(documents))
    const place = prng.pick(base.certificates)
    const what = prng.below(3) === 0 ? body.slice(...prng.pick(base.certificates)) : prng.pick(documents)
    return replaced(body, place, what)
  },
  'repeat certificates': (body, prng, base) => {
    const start = body.indexOf('<Certificate>')
    const end = body.indexOf('</Certificate>') + '</Certificate>'.length
    if (start < 0) return replaced(body, within(body, prng.pick(base.elements)), '')
    return inTag(body, prng.pick([start, end]), body.slice(start, end).repeat(prng.pick([1, 2, 20, 99, 101, 150])))
  },
  'graft a part': (body, prng, base, { documents }) => {
    // A part of one document in the place of a part of another: signatures, principals, sealed keys
    const name = prng.pick([
      'SIGNATURE',
      'ISSUER',
      'ISSUEDPRINCIPALS',
      'PUBLICKEY',
      'ENABLINGBITS',
      'AUTHENTICATEDDATA',
      'WORK',
      'VALIDITYTIME',
      'DESCRIPTOR',
      'SECURITYLEVEL',
      'BODY',
    ])
    const pattern = new RegExp(`<${name}[ >].*?</${name}>`, 'gs')
    const here = [...body.matchAll(pattern)]
    const there = [...prng.pick(documents).matchAll(pattern)]
    if (here.length === 0 || there.length === 0) return replaced(body, within(body, prng.pick(base.elements)), '')
    const match = prng.pick(here)
    return replaced(body, [match.index, match.index + match[0].length], prng.pick(there)[0])
  },
  versions: (body, prng) => body.replace(/(?<=<M(?:ini|axi)mumVersion>)[^<]*/g, () => prng.pick(versions)),
  namespaces: (body, prng) => {
    const all = [...body.matchAll(/xmlns(?::\w+)?="[^"]*"/g)]
    if (all.length === 0) return body.slice(1)
    const match = prng.pick(all)
    return replaced(
      body,
      [match.index, match.index + match[0].length],
      prng.pick(['xmlns="urn:x"', 'xmlns=""', '', 'xmlns:xml="urn:x"', 'xmlns:a=""', 'xmlns:soap="urn:soap"']),
    )
  },
  'other operation': (body, prng, base) =>
    body.replaceAll(
      base.operation,
      prng.pick([
        'Certify',
        'AcquireLicense',
        'AcquirePreLicense',
        'Activate',
        'GetLicensorCertificate',
        'toString',
        'constructor',
        '__proto__',
      ]),
    ),
  encoding: (body, prng) => {
    const bytes = Buffer.from(body, 'utf16le')
    return prng.pick([
      () => bytes.subarray(0, bytes.length - 1),
      () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(body)]),
      () => Buffer.concat([Buffer.from([0xfe, 0xff]), bytes]),
      () => Buffer.from(body.replace('<soap:Body>', '<soap:Body>\u00e9'), 'latin1'),
      () => Buffer.concat([Buffer.from(body), Buffer.alloc(1 + prng.below(5000)), Buffer.from('x')]),
      () => Buffer.concat([Buffer.from([0xc0, 0xbc]), Buffer.from(body).subarray(1)]),
      () => Buffer.alloc(prng.below(100_000)),
      () => Buffer.from(' '.repeat(prng.below(200_000))),
    ])()
  },
  noise: (_body, prng) => prng.bytes(prng.below(3000)),
}

const names = Object.keys(bodyMutations).filter((name) => !['noise', 'encoding', 'truncate'].includes(name))

/** Two to four changes on top of each other; the places are those of the unchanged body, so the later ones hit at random. */
export const severalChanges: Mutation = (body, prng, base, material) => {
  let changed: string = body
  for (let count = 2 + prng.below(3); count > 0; count--) {
    const result = bodyMutations[prng.pick(names)]?.(changed, prng, base, material) ?? changed
    changed = typeof result === 'string' ? result : result.toString('latin1')
    if (changed === '') break
  }
  return changed
}
