/** What a command says and how it exits, by what went wrong. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Failure, endedBy, exitCodes } from '../../src/cli/failure.js'
import { AccessDenied, RestRefused } from '../../src/client/rest-caller.js'
import { CallFailed, LicenseRefused, OutsideValidTime, SoapFault } from '../../src/client/index.js'
import { SettingsError } from '../../src/config/load.js'
import { exceptions } from '../../src/exceptions.js'
import { restExceptions } from '../../src/rest-exceptions.js'

const url = 'http://127.0.0.1:7000/_wmcs/licensing/license.asmx'
const origin = { server: 'root-1', requestId: 'b-7' }

function fault(name: string): SoapFault {
  const text = `${name}: a sentence`
  return new SoapFault(url, 500, { code: 'Server', text, exceptionNames: [name] }, 'AcquireLicense', origin)
}

const noRights = exceptions.NoRightsForRequestedPrincipal.name
const cases: readonly (readonly [string, unknown, object])[] = [
  [
    'a fault that names an exception',
    fault(noRights),
    {
      exitCode: 3,
      ending: {
        event: 'refused',
        exception: noRights,
        step: 'AcquireLicense',
        requestId: 'b-7',
        server: 'root-1',
        reason: /refused/,
      },
    },
  ],
  ['decommissioned', fault(exceptions.ClusterDecommissioned.name), { exitCode: 3 }],
  [
    'a fault that says no more than that something went wrong',
    fault(exceptions.UnspecifiedError.name),
    { exitCode: 1, ending: { event: 'failed', exception: exceptions.UnspecifiedError.name } },
  ],
  [
    'a license of a batch',
    new LicenseRefused(`${noRights}: a sentence`),
    { exitCode: 3, ending: { exception: noRights } },
  ],
  [
    'a license whose time is over',
    new OutsideValidTime([], new Date(0)),
    { exitCode: 3, ending: { event: 'refused' } },
  ],
  [
    'REST grants nothing',
    new AccessDenied('ContentExpired', 'bob@contoso.test', undefined),
    { exitCode: 3, ending: { event: 'refused', exception: 'ContentExpired' } },
  ],
  [
    'REST refuses',
    new RestRefused(url, { status: 403, origin }, restExceptions.ServiceDisabled.code, 'a sentence'),
    { exitCode: 3, ending: { exception: restExceptions.ServiceDisabled.code, requestId: 'b-7' } },
  ],
  [
    'REST, not signed in',
    new RestRefused(url, { status: 401, origin }, restExceptions.Unauthorized.code, ''),
    { exitCode: 1 },
  ],
  ['REST is busy', new RestRefused(url, { status: 503, origin }, restExceptions.Busy.code, ''), { exitCode: 1 }],
  ['no REST server of ours', new RestRefused(url, { status: 404, origin }, '', ''), { exitCode: 1 }],
  [
    'a command that failed by a refusal',
    new Failure('the demo failed', undefined, fault(noRights)),
    {
      exitCode: 3,
      ending: { event: 'refused', exception: noRights, reason: 'the demo failed' },
    },
  ],
  ['a command that failed', new Failure('nothing was answered'), { exitCode: 1, ending: { event: 'failed' } }],
  [
    'a setting that is wrong',
    new SettingsError(['--port is "x"']),
    { exitCode: 2, ending: { event: 'usage', reason: '--port is "x"' } },
  ],
  ['no answer', new CallFailed(url, undefined, 'the connection was refused'), { exitCode: 1 }],
  ['wrong password', new CallFailed(url, 401, 'not let in'), { exitCode: 1 }],
  [
    'an error of ours to mend shows where it comes from',
    new TypeError('x is undefined'),
    { exitCode: 1, ending: { reason: /\n\s+at / } },
  ],
]

t.test('one table from error to exit code and words', async (t) => {
  for (const [what, error, expected] of cases) t.match(endedBy(error), expected, what)
})

t.test('what is not known is left out', async (t) => {
  t.strictSame(endedBy(new Failure('x')), { exitCode: 1, ending: { event: 'failed', reason: 'x' } })
})

t.test('the README has the table of exit codes as help has it', async (t) => {
  const readme = readFileSync('README.md', 'utf8')
  for (const { code, event, meaning } of exitCodes)
    t.match(readme, `| ${code} | ${event === '' ? '' : `\`${event}\` `}| ${meaning} |`)
})
