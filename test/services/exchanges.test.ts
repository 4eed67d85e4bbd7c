/** Every folder of test/exchanges is sent to a real node in both cryptographic modes, and everything around the answer is checked too. */
import t, { type Test } from 'tap'
import { exceptions, type ExceptionKey } from '../../src/exceptions.js'
import type { ServerConfiguration } from '../../src/cluster/configuration.js'
import { queryLimit } from '../../src/cluster/store/request-log-store.js'
import type { CryptoMode } from '../../src/crypto/modes.js'
import { envelopeNamespaces } from '../../src/soap/envelope.js'
import { versionDataHeader } from '../../src/soap/version-data.js'
import { readCases, type ExchangeCase } from '../fixtures/cases.js'
import { difference } from '../fixtures/expected.js'
import { checkJournal } from '../fixtures/journaled.js'
import { documentsIn, leaks, unopened, unverified } from '../fixtures/issued.js'
import { fill } from '../fixtures/placeholders.js'
import { envelopeOf, send, type Answer } from '../fixtures/send.js'
import { createWorld, type Place } from '../fixtures/world.js'

const world = createWorld()
t.teardown(() => world.close())

/** With a word behind the file's name only the cases run whose name has that word in it. */
const only = process.argv[2] ?? ''
const cases = readCases().filter((exchange) => exchange.name.includes(only))

/** Tests run one after the other: the state of a node is changed for each. */
for (const exchange of cases) {
  for (const mode of exchange.mode === undefined ? ([1, 2] as const) : [exchange.mode]) {
    t.test(`${exchange.name.replaceAll('_', ' ')}, mode ${mode}`, async (t) => runCase(t, exchange, mode))
  }
}

async function runCase(t: Test, exchange: ExchangeCase, mode: CryptoMode): Promise<void> {
  const place = await world.place(mode)
  const { site } = place
  const body = await fill(envelopeOf(exchange), mode, world)
  const settings = JSON.parse(
    await fill(JSON.stringify(exchange.settings ?? {}), mode, world),
  ) as Partial<ServerConfiguration>
  const logged = site.log.length
  const since = site.node.context.clock.now().toISOString()
  const agent = `exchange ${exchange.name}`
  const { daysLater = 0, broken = false } = exchange
  const trusted = exchange.trustsOther === true ? [(await world.place(mode, 'other')).site.state.own] : []
  const answer = await site.during({ settings, daysLater, trusted, broken }, () => send(site, exchange, body, agent))

  t.equal(answer.status, exchange.status)
  const expected = exchange.isSoap ? enveloped(exchange) : exchange.response
  t.equal(
    await difference(expected, exchange.isSoap ? answer.text : answer.text.trim(), mode, world),
    undefined,
    'the answer is as expected',
  )
  if (exchange.isSoap)
    t.equal(answer.type, exchange.soap === '1.2' ? 'application/soap+xml; charset=utf-8' : 'text/xml; charset=utf-8')
  t.equal(answer.headers.get('x-served-by'), site.node.nodeId)
  checkClaims(t, exchange, answer)
  await checkInside(t, exchange, answer, place)
  checkLog(t, exchange, site.log.slice(logged), answer)
  if (answer.status === 401)
    t.match(answer.headers.get('www-authenticate'), /(^|, )Basic realm=/, 'the client is told how to sign in')
  await checkRecord(t, { since, agent, exchange }, answer, place)
  await checkJournal(t, { name: exchange.name, operation: operationOf(exchange) }, answer, site)
}

/** Of those that come to one. */
function operationOf({ covers, status }: ExchangeCase): string | undefined {
  return status === 401 ? undefined : covers[0]?.split(':')[0]
}

/** The content of a Body is expected in the envelope that a genuine server writes around it. */
function enveloped({ response, soap = '1.1' }: ExchangeCase): string {
  if (response.includes('Envelope')) return response
  const namespace = /^\s*<\w+Response xmlns="([^"]+)"/.exec(response)?.[1]
  const withHeader = namespace !== undefined && !response.startsWith('<GetServerInfoResponse')
  const header = withHeader ? `<soap:Header>${versionDataHeader(namespace)}</soap:Header>` : ''
  const namespaces = `xmlns:soap="${envelopeNamespaces[soap]}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"`
  return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope ${namespaces}>${header}<soap:Body>${response}</soap:Body></soap:Envelope>`
}

/** What a case says it covers must be in its answer. */
function checkClaims(t: Test, { covers }: ExchangeCase, { status, text }: Answer): void {
  for (const claim of covers) {
    const [operation = '', key = ''] = claim.split(':')
    if (key === 'success') t.ok(status === 200 && text.includes(`<${operation}Response `), `${operation} succeeds`)
    else
      t.ok(
        Object.hasOwn(exceptions, key) &&
          ['>', '---&gt; '].some((before) => text.includes(`${before}${exceptions[key as ExceptionKey].name}: `)),
        `${key} is raised`,
      )
  }
}

async function checkInside(t: Test, { covers }: ExchangeCase, { text, status }: Answer, place: Place): Promise<void> {
  t.same(
    leaks(text, place, { contentKeys: covers.includes('AcquireContentKey:success') }),
    [],
    'nothing from the inside is told',
  )
  t.same(unverified(text, place), [], 'all certificates and licenses lead to the lab root')
  t.same(await unopened(text, place), [], 'all use licenses open with the key of their account')
  if (status !== 200) t.same(documentsIn(text), [], 'a refusal issues nothing')
}

/** One line for each exchange; a refusal says why. */
function checkLog(t: Test, exchange: ExchangeCase, lines: Place['site']['log'], { text, status }: Answer): void {
  const told = lines.filter((line) => ['served', 'refused', 'sign-in refused'].includes(line.msg))
  const [line] = told
  if (status === 200 && !exchange.isSoap) return
  t.equal(told.length, 1, 'one line in the log')
  t.equal(line?.msg === 'served', status === 200)
  if (status !== 200)
    t.ok(typeof line?.why === 'string' && line.why.length > 5 && !line.why.includes('\n'), 'the line says why')
  const name = /<(?:faultstring|soap:Text [^>]*)>([\w.]+Exception): /.exec(text)?.[1]
  if (name !== undefined) t.ok(line?.why?.startsWith(name), `the log names ${name}`)
  const item = /<ExceptionString>([\w.]+Exception): /.exec(text)?.[1]
  if (item !== undefined) {
    const why = line?.why ?? ''
    t.match(why, /^\d+ of \d+ refused: number \d+(?: at step "[^"]+")?: /, 'of several it says how many were refused')
    t.ok(why.includes(item), `and the first reason, ${item}`)
  }
  t.notMatch(JSON.stringify(lines), /Passw0rd!|PRIVATE KEY/, 'no secret in the log')
}

/** Where SOAP was reached, or credentials were refused, and only there, there is a row in the request log, with the same reason. */
async function checkRecord(
  t: Test,
  { since, agent, exchange }: { since: string; agent: string; exchange: ExchangeCase },
  { status, text }: Answer,
  { site }: Place,
): Promise<void> {
  const { isSoap, user, headers = {} } = exchange
  await site.node.context.requestLog.flush()
  const records = await site.node.context.store.requestLog.query({ since, limit: queryLimit })
  const own = records.filter((record) => record.requestUserAgent === agent)
  const isRefused = status === 401 && (user !== null || headers['authorization'] !== undefined)
  t.equal(own.length, isSoap || isRefused ? 1 : 0, 'rows in the request log')
  if (isRefused) t.match(own[0], { successOrFailure: 'Failed', errorInformation: /^401: ./ })
  if (!isSoap) return
  t.equal(own[0]?.successOrFailure, status === 200 ? 'Succeeded' : 'Failed')
  t.equal(own[0]?.errorInformation === '', status === 200, 'a refusal has its reason')
  const issued = documentsIn(text).filter(({ kind }) => ['RAC', 'CLC', 'UL', 'PL'].includes(kind))
  t.ok(
    issued.every((document) => own[0]?.issuedXrml?.includes(document.text)),
    'everything issued is in the record',
  )
}
