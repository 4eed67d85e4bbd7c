/** Every folder of test/exchanges-rest is sent to a real node, what is about licenses in both modes; answers are held against /openapi.json too. */
import t, { type Test } from 'tap'
import { Ajv, type ValidateFunction } from 'ajv'
import type { ServerConfiguration } from '../../src/cluster/configuration.js'
import type { CryptoMode } from '../../src/crypto/modes.js'
import { queryLimit } from '../../src/cluster/store/request-log-store.js'
import { restExceptions, type RestExceptionKey } from '../../src/rest-exceptions.js'
import { leaks } from '../fixtures/issued.js'
import { checkJournal } from '../fixtures/journaled.js'
import { readRestCases, type RestCase } from '../fixtures/rest-cases.js'
import { fillRest, restDifference } from '../fixtures/rest-expected.js'
import { goodToken, wrongToken } from '../fixtures/rest-tokens.js'
import type { Site } from '../fixtures/sites.js'
import { createWorld, type Place } from '../fixtures/world.js'

const world = createWorld()
t.teardown(() => world.close())
const only = process.argv[2] ?? ''

for (const [index, exchange] of readRestCases().entries()) {
  if (!exchange.name.includes(only)) continue
  const modes = modesOf(exchange)
  for (const mode of modes) {
    // Both versions are the same: the modes share them out, or else the cases.
    const version = (modes.length === 1 ? index : mode) % 2 === 0 ? 'v2' : 'v1'
    t.test(`${exchange.name.replaceAll('_', ' ')}, mode ${mode}, ${version}`, async (t) =>
      runCase(t, exchange, mode, version),
    )
  }
}

/** Discovery, templates, logs, and whatever is refused before the operation know nothing of the mode. */
function modesOf({ mode, covers, status }: RestCase): readonly CryptoMode[] {
  if (mode !== undefined) return [mode]
  const isLicense =
    covers.some((claim) => /^(EndUserLicenses|PublishingLicenses):/.test(claim)) && ![401, 413, 415].includes(status)
  return isLicense ? [1, 2] : [2]
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly json: unknown
  readonly headers: Headers
}

async function runCase(t: Test, exchange: RestCase, mode: CryptoMode, version: string): Promise<void> {
  const place = await world.place(mode)
  const { site } = place
  const fill = (text: string): Promise<string> => fillRest(text.replaceAll('/my/*', `/my/${version}`), mode, world)
  const body = exchange.request === undefined ? undefined : await fill(exchange.request)
  const settings = JSON.parse(await fill(JSON.stringify(exchange.settings ?? {}))) as Partial<ServerConfiguration>
  const trusted = exchange.trustsOther === true ? [(await world.place(mode, 'other')).site.state.own] : []
  const path = await fill(exchange.path)
  // The directory of a broken server answers: whoever is signed in comes to the operation.
  const authorization = await authorizationOf(exchange, site)
  const { daysLater = 0, broken = false } = exchange
  const logged = site.log.length
  const since = site.node.context.clock.now().toISOString()
  const agent = `rest exchange ${exchange.name}`
  const answer = await site.during({ settings, daysLater, trusted, broken }, async () => {
    const token =
      daysLater > 0 && exchange.user !== null && exchange.token === undefined
        ? `Bearer ${await goodToken(site.node, exchange.user)}`
        : authorization
    return send(`${site.node.url}${path}`, exchange, body, {
      ...(token === undefined ? {} : { authorization: token }),
      'user-agent': agent,
    })
  })

  t.equal(answer.status, exchange.status)
  if (exchange.response !== undefined)
    t.equal(await restDifference(exchange.response, answer.json, fill), undefined, 'the answer is as expected')
  if (answer.text !== '') t.match(answer.headers.get('content-type'), /^application\/json/)
  t.equal(answer.headers.get('x-served-by'), site.node.nodeId)
  if ([400, 500].includes(answer.status))
    t.ok(isRefusal(answer.json), 'a refusal is an object with Code and Message, or clients end themselves')
  checkClaims(t, exchange, answer)
  checkKey(t, exchange, answer, place)
  checkChallenge(t, exchange, answer, site)
  t.same(leaks(answer.text, place, { contentKeys: answer.status === 200 }), [], 'nothing from the inside is told')
  await checkSchema(t, site, path, exchange, answer)
  const told = site.log.slice(logged).filter((line) => ['served', 'refused', 'sign-in refused'].includes(line.msg))
  t.equal(told.length, 1, 'one line in the log')
  t.notMatch(JSON.stringify(site.log.slice(logged)), /Passw0rd!|PRIVATE KEY|eyJ/, 'neither secret nor token in the log')
  await checkRecord(t, { since, agent, exchange }, answer, place)
  await checkJournal(t, { name: exchange.name }, answer, site)
}

async function authorizationOf({ user, token }: RestCase, { node }: Site): Promise<string | undefined> {
  if (user === null) return undefined
  return `Bearer ${token === undefined ? await goodToken(node, user) : await wrongToken(token, node, user)}`
}

async function send(
  url: string,
  { method, headers = {} }: RestCase,
  body: string | undefined,
  more: Readonly<Record<string, string>>,
): Promise<Answer> {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    // As the open client sends them: the content type on GET too.
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'accept-language': 'En-en',
      'x-ms-rms-request-id': '{1};{2}',
      ...more,
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status: response.status, text, json, headers: response.headers }
}

function isRefusal(json: unknown): json is { Code: string; Message: string } {
  return (
    typeof json === 'object' &&
    json !== null &&
    'Code' in json &&
    typeof json.Code === 'string' &&
    'Message' in json &&
    typeof json.Message === 'string'
  )
}

function checkClaims(t: Test, { covers }: RestCase, { status, json }: Answer): void {
  for (const claim of covers) {
    const key = claim.split(':')[1] ?? ''
    const accessStatus = (json as { AccessStatus?: unknown } | undefined)?.AccessStatus
    if (key === 'success')
      t.ok(status === 200 && (accessStatus === undefined || accessStatus === 'AccessGranted'), claim)
    else if (key === 'AccessDenied' || key === 'ContentExpired') t.ok(status === 200 && accessStatus === key, claim)
    else
      t.ok(
        isRefusal(json) &&
          json.Code === restExceptions[key as RestExceptionKey].code &&
          status === restExceptions[key as RestExceptionKey].status,
        claim,
      )
  }
}

/** The key that is told is the one that was sealed into the license. */
function checkKey(t: Test, { covers }: RestCase, { json }: Answer, { documents }: Place): void {
  if (!covers.includes('EndUserLicenses:success')) return
  const { Value: value = '' } = (json as { Key?: { Value?: string } | null }).Key ?? {}
  t.ok(
    documents.secrets.contentKeys.some((key) => key.toString('base64') === value),
    'the key is that of the content',
  )
}

/** Bearer stands alone: open clients would answer NTLM or Negotiate beside it. */
function checkChallenge(t: Test, { user }: RestCase, { status, headers }: Answer, { node }: Site): void {
  const challenge = headers.get('www-authenticate')
  if (status !== 401) return void t.equal(challenge, null)
  const wanted = `Bearer realm="api.rms.rest.com", authorization="${node.url}/adfs/oauth2/authorize"`
  t.equal(challenge, user === null ? wanted : `${wanted}, error="invalid_token"`)
}

const schemas = new Map<string, Promise<Readonly<Record<string, never>>>>()
const ajv = new Ajv({
  strict: false,
  formats: { byte: /^[A-Za-z0-9+/]*={0,2}$/, 'date-time': (text: string) => !Number.isNaN(Date.parse(text)) },
})
const compiled = new Map<string, ValidateFunction>()

/** What /openapi.json says of this path, method and status is what came. */
async function checkSchema(
  t: Test,
  { node }: Site,
  path: string,
  { method, request }: RestCase,
  { status, json, text }: Answer,
): Promise<void> {
  const described =
    schemas.get(node.url) ??
    fetch(`${node.url}/openapi.json`).then((response) => response.json() as Promise<Readonly<Record<string, never>>>)
  schemas.set(node.url, described)
  const paths = (await described)['paths'] as unknown as Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          { responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: object }>> }>> }
        >
      >
    >
  >
  const name = path.split('?')[0]?.toLowerCase().replace(/\/$/, '') ?? ''
  const operation = paths[name]?.[(method ?? (request === undefined ? 'GET' : 'POST')).toLowerCase()]
  if (operation === undefined) return void t.ok([404, 405].includes(status), 'only what is described is served')
  const schema = operation.responses[status]?.content?.['application/json']?.schema
  if (schema === undefined)
    return void t.equal(text, '', `status ${status} has no body where /openapi.json describes none`)
  const key = `${name} ${method} ${status} ${node.url}`
  const validate = compiled.get(key) ?? ajv.compile(schema)
  compiled.set(key, validate)
  t.ok(validate(json), `the answer is as /openapi.json has it: ${ajv.errorsText(validate.errors)}`)
}

/** Where the operation was reached, or a token for it was refused, and only there, there is a row in the request log. */
async function checkRecord(
  t: Test,
  { since, agent, exchange }: { since: string; agent: string; exchange: RestCase },
  { status, json }: Answer,
  { site }: Place,
): Promise<void> {
  await site.node.context.requestLog.flush()
  const records = await site.node.context.store.requestLog.query({ since, limit: queryLimit })
  const own = records.filter((record) => record.requestUserAgent === agent)
  const operation = exchange.covers[0]?.split(':')[0] ?? ''
  const reached =
    operation !== '' && ![401, 404, 405, 413, 415].includes(status) && !exchange.covers.includes('Request:BadInput')
  const isRefused = operation !== '' && status === 401 && exchange.user !== null
  t.equal(own.length, reached || isRefused ? 1 : 0, 'rows in the request log')
  if (isRefused) t.match(own[0], { successOrFailure: 'Failed', errorInformation: /^401: / })
  if (!reached) return
  const granted = status === 200 && !/AccessDenied|ContentExpired/.test(JSON.stringify(json ?? ''))
  t.match(own[0], {
    requestType: operation,
    requestUserAddress: '127.0.0.1',
    authenticatedState: 'True',
    metadata: /"scheme":"Bearer"/,
    durationMilliseconds: Number,
    successOrFailure: granted ? 'Succeeded' : 'Failed',
  })
  t.equal(own[0]?.errorInformation === '', granted, 'a refusal has its reason')
  if (granted && operation === 'EndUserLicenses')
    t.match(own[0]?.issuedXrml, /purpose="Content-License"/, 'the use license behind the answer is in the record')
  if (granted && operation === 'PublishingLicenses') t.match(own[0]?.issuedXrml, /Microsoft Rights Label/)
}
