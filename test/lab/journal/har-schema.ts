/** HAR 1.2 as a JSON Schema, written after its published description: members that it does not have must begin with an underscore. */
const text = { type: 'string' } as const
const whole = { type: 'integer' } as const
/** -1: not known. */
const size = { type: 'integer', minimum: -1 } as const
const milliseconds = { type: 'number', minimum: 0 } as const
/** -1: does not apply. */
const phase = { type: 'number', minimum: -1 } as const
const isoTime = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$',
} as const

function record(required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}) {
  return {
    type: 'object',
    required: Object.keys(required),
    properties: { ...required, ...optional, comment: text },
    patternProperties: { '^_': {} },
    additionalProperties: false,
  }
}
const listOf = (items: object) => ({ type: 'array', items })

const pair = record({ name: text, value: text })
const cookie = record(
  { name: text, value: text },
  { path: text, domain: text, expires: isoTime, httpOnly: { type: 'boolean' }, secure: { type: 'boolean' } },
)
const parameter = record({ name: text }, { value: text, fileName: text, contentType: text })
const message = { httpVersion: text, cookies: listOf(cookie), headers: listOf(pair), headersSize: size, bodySize: size }

const request = record(
  { method: { ...text, minLength: 1 }, url: { ...text, pattern: '^https?://' }, queryString: listOf(pair), ...message },
  { postData: record({ mimeType: text }, { text, params: listOf(parameter) }) },
)
const response = record({
  status: whole,
  statusText: text,
  redirectURL: text,
  content: record({ size: { ...whole, minimum: 0 }, mimeType: text }, { compression: whole, text, encoding: text }),
  ...message,
})
const cacheState = record({ lastAccess: isoTime, eTag: text, hitCount: whole }, { expires: isoTime })
const entry = record(
  {
    startedDateTime: isoTime,
    time: milliseconds,
    request,
    response,
    cache: record({}, { beforeRequest: cacheState, afterRequest: cacheState }),
    timings: record(
      { send: phase, wait: phase, receive: phase },
      { blocked: phase, dns: phase, connect: phase, ssl: phase },
    ),
  },
  { pageref: text, serverIPAddress: text, connection: text },
)
const program = record({ name: text, version: text })

export const harSchema = record({
  log: record(
    { version: { const: '1.2' }, creator: program, entries: listOf(entry) },
    {
      browser: program,
      pages: listOf(
        record({
          startedDateTime: isoTime,
          id: text,
          title: text,
          pageTimings: record({}, { onContentLoad: phase, onLoad: phase }),
        }),
      ),
    },
  ),
})
