/** One line for each request: from what a server logs to what people see, at several widths. */
import t from 'tap'
import { exchangeLines } from '../../src/cli/exchange-line.js'
import { exchangeOf, type LogFacts } from '../../src/cli/exchange.js'
import { plain, type Paint } from '../../src/explain/paint.js'

const marked: Paint = {
  good: (text) => `<good>${text}</good>`,
  bad: (text) => `<bad>${text}</bad>`,
  note: (text) => `<note>${text}</note>`,
  dim: (text) => text,
  strong: (text) => text,
}

/** Half past noon, wherever the test runs. */
const time = new Date(2026, 10, 30, 12, 51, 48).getTime()
const noRights =
  'Microsoft.DigitalRightsManagement.Licensing.NoRightsForRequestedPrincipalException at step "decide rights": mallory@contoso.test has no rights; the policy names bob@contoso.test, Owner'

const served: LogFacts = {
  time,
  level: 30,
  server: 'root-1',
  operation: 'Certify',
  user: 'CONTOSO\\alice',
  ms: 12.34,
  msg: 'served',
}
const refused: LogFacts = {
  time,
  level: 30,
  server: 'licensing-2',
  operation: 'AcquireLicense',
  user: 'CONTOSO\\mallory',
  ms: 2,
  status: 500,
  why: noRights,
  msg: 'refused',
}
const challenge: LogFacts = {
  time,
  server: 'root-1',
  path: '/licensing/license.asmx',
  status: 401,
  why: 'no credentials',
  msg: 'sign-in refused',
}

function shown(facts: LogFacts, width: number, paint = plain): readonly string[] {
  const record = exchangeOf(facts)
  return record === undefined ? [] : exchangeLines(record, width, paint)
}

const table: readonly (readonly [string, LogFacts, number, readonly string[]])[] = [
  ['served', served, 80, ['12:51:48 root-1      Certify                alice    served                12 ms']],
  ['served, narrow', served, 60, ['12:51:48 root-1    Certify           alice   served    12 ms']],
  [
    'refused, narrow: the reason stands below',
    refused,
    60,
    [
      '12:51:48 licensin… AcquireLicense    mallory refused  2.0 ms',
      '         NoRightsForRequestedPrincipal: decide rights:',
      '         mallory@contoso.test has no rights; the policy',
      '         names bob@contoso.test, Owner',
    ],
  ],
  [
    'refused: its name as far as it fits, the whole below',
    refused,
    80,
    [
      '12:51:48 licensing-2 AcquireLicense         mallory  refused NoRightsFo…  2.0 ms',
      '         NoRightsForRequestedPrincipal: decide rights: mallory@contoso.test has',
      '         no rights; the policy names bob@contoso.test, Owner',
    ],
  ],
  [
    'refused, wide',
    refused,
    120,
    [
      '12:51:48  licensing-2     AcquireLicense               mallory         refused  NoRightsForRequestedPrincipal         2.0 ms',
      '          decide rights: mallory@contoso.test has no rights; the policy names bob@contoso.test, Owner',
    ],
  ],
  [
    'refused, very wide: all in the line',
    refused,
    220,
    [
      '12:51:48  licensing-2     AcquireLicense               mallory         refused  NoRightsForRequestedPrincipal: decide rights: mallory@contoso.test has no rights; the policy names bob@contoso.test, Owner          2.0 ms',
    ],
  ],
  [
    'asked who calls',
    challenge,
    100,
    ['12:51:48  root-1        license.asmx                        sign in  401: no credentials'],
  ],
  [
    'REST refuses by a code',
    {
      time,
      server: 'root-1',
      operation: 'EndUserLicenses',
      user: 'CONTOSO\\bob',
      ms: 10_500,
      status: 400,
      why: 'Microsoft.RightsManagement.Exceptions.BadInputException: no license',
      msg: 'refused',
    },
    120,
    [
      '12:51:48  root-1          EndUserLicenses              bob             refused  BadInput: no license                  10.5 s',
    ],
  ],
  [
    'a path that is not there',
    { time, server: 'root-1', path: '/nothing', status: 404, why: 'there is no such path', msg: 'refused' },
    120,
    ['12:51:48  root-1          /nothing                                     refused  404: there is no such path'],
  ],
  [
    'the server could not',
    {
      time,
      server: 'root-1',
      path: '/_wmcs/licensing/license.asmx',
      status: 503,
      why: 'the queue is full',
      msg: 'refused',
    },
    120,
    ['12:51:48  root-1          license.asmx                                 failed   503: the queue is full'],
  ],
]

/** How many blanks stand between columns is looked at where the line is narrow. */
function words(lines: readonly string[], width: number): readonly string[] {
  return width <= 80 ? lines : lines.map((line) => line.replace(/ {2,}/g, '  '))
}

t.test('a line, and what does not fit under it', async (t) => {
  for (const [what, facts, width, lines] of table) {
    const found = shown(facts, width)
    t.same(words(found, width), words(lines, width), what)
    for (const line of found) t.ok(line.length <= width, `${what}: ${line.length} of ${width}`)
  }
})

t.test('no line is wider than the terminal, from 60 columns', async (t) => {
  const long = {
    ...refused,
    why: `${noRights} ${'x'.repeat(300)}`,
    operation: 'FindServiceLocationsForUser',
    user: 'y'.repeat(80),
  }
  for (let width = 60; width <= 240; width += 7)
    for (const line of shown(long, width)) if (line.length > width) t.fail(`${line.length} of ${width}: ${line}`)
  t.ok(
    shown(long, 40).every((line) => line.length <= 60),
    'narrower than that it is laid out for 60',
  )
})

t.test('the outcome has its color, and refused another one than served', async (t) => {
  t.match(shown(served, 80, marked)[0], '<good>served </good>')
  t.match(shown(refused, 80, marked)[0], '<bad>refused</bad>')
  t.match(shown(challenge, 80, marked)[0], '<note>sign in</note>')
})

t.test('what is about no exchange is none', async (t) => {
  t.equal(exchangeOf({ time, level: 30, msg: 'configuration reloaded' }), undefined)
})
