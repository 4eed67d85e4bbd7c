import t from 'tap'
import { loadSettings, SettingsError } from '../../src/config/load.js'
import type { Sources } from '../../src/config/load.js'
import type { CommandName } from '../../src/config/options.js'
import { editDistance, nearest } from '../../src/config/nearest.js'
import { parseValue } from '../../src/config/parse-value.js'
import { fc } from '../fixtures/property.js'

function sources(flags: Sources['flags'], environment: Sources['environment'] = {}, file?: unknown): Sources {
  const text = typeof file === 'string' ? file : JSON.stringify(file)
  return { flags: file === undefined ? flags : { config: 'lab.json', ...flags }, environment, readText: () => text }
}

function problemsOf(command: CommandName, given: Sources): readonly string[] {
  try {
    loadSettings(command, given)
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
  return []
}

t.test('without any source there are the defaults', async (t) => {
  const { settings, origins } = loadSettings('up', sources({}))
  const mode: 1 | 2 | undefined = settings.cryptoMode
  t.equal(mode, undefined, 'not told: a cluster that is there keeps its own')
  t.match(settings, {
    port: undefined,
    licensing: [],
    managePort: undefined,
    host: '127.0.0.1',
    signer: 'openssl',
    json: false,
  })
  t.equal(settings.root, undefined, 'not told: a seed file may say it')
  t.same(settings.admit, [])
  t.equal(settings.bodyLimit, 4 * 1024 * 1024)
  t.equal(settings.db, undefined)
  t.ok(origins.every((origin) => origin.kind === 'default'))
})

t.test(
  'flags win over the environment, the environment over the file, the file over defaults; each origin is told',
  async (t) => {
    const file = { port: 1, 'body-limit': 2048, host: 'file', signer: 'forge' }
    const { settings, origins } = loadSettings(
      'up',
      sources({ port: '3' }, { RMS_PORT: '2', RMS_BODY_LIMIT: '4096', PATH: '/bin' }, file),
    )
    t.match(settings, { port: 3, bodyLimit: 4096, host: 'file', signer: 'forge', requestTimeout: 30 })
    const from = (name: string) => origins.find((origin) => origin.name === name)
    t.same(from('port'), { name: 'port', kind: 'flag', from: '--port', value: '3' })
    t.same(from('body-limit'), { name: 'body-limit', kind: 'environment', from: 'RMS_BODY_LIMIT', value: '4096' })
    t.same(from('host'), { name: 'host', kind: 'file', from: 'host in lab.json', value: 'file' })
    t.same(from('request-timeout'), { name: 'request-timeout', kind: 'default', from: 'default', value: '30' })
  },
)

t.test('an empty environment variable counts as not given', async (t) => {
  t.equal(loadSettings('up', sources({}, { RMS_PORT: '' })).settings.port, undefined)
})

t.test('the environment can name the config file', async (t) => {
  const readText = (path: string): string => (path === 'a.json' ? '\uFEFF{"port":9}' : '')
  t.equal(loadSettings('up', { flags: {}, environment: { RMS_CONFIG: 'a.json' }, readText }).settings.port, 9)
})

t.test('a bad value is refused by every source, with where it stood, what it is and what is allowed', async (t) => {
  const refused: readonly (readonly [Sources, RegExp])[] = [
    [sources({ root: '0' }), /^--root is "0"; it must be a whole number from 1 to 64$/],
    [sources({ port: '65536' }), /^--port is "65536"; it must be a whole number from 0 to 65535$/],
    [sources({ port: '70x' }), /--port is "70x"/],
    [sources({ port: '' }), /--port is ""/],
    [sources({ port: '1e3' }), /--port is "1e3"/],
    [sources({}, { RMS_CRYPTO_MODE: '3' }), /^RMS_CRYPTO_MODE is "3"; it must be one of 1, 2$/],
    [sources({}, { RMS_JSON: 'maybe' }), /^RMS_JSON is "maybe"; it must be true or false$/],
    [sources({}, {}, { signer: 'rsa' }), /^signer in lab\.json is "rsa"; it must be one of openssl, forge$/],
    [sources({}, {}, { port: 70.5 }), /^port in lab\.json is "70\.5"/],
    [sources({}, {}, { port: null }), /^port in lab\.json is of the wrong kind; it must be one value$/],
    [sources({}, {}, { admit: 'a=1' }), /^admit in lab\.json is of the wrong kind; it must be an object or a list/],
    [sources({ 'public-url': 'ftp://x' }), /--public-url is "ftp:\/\/x"; it must be a URL with http/],
    [sources({ admit: ['server'] }), /^--admit is "server"; it must look like ENDPOINT=GROUP$/],
    [sources({ admit: ['=x'] }), /ENDPOINT=GROUP/],
    [sources({ host: '' }), /--host is ""; it must not be empty/],
  ]
  for (const [given, message] of refused) {
    const problems = problemsOf('up', given)
    t.equal(problems.length, 1, String(message))
    t.match(problems[0], message)
  }
})

t.test('a bad value is found although a stronger source hides it', async (t) => {
  t.match(problemsOf('up', sources({ port: '1' }, { RMS_PORT: 'x' })), [/^RMS_PORT/])
})

t.test('all problems are told at once', async (t) => {
  const problems = problemsOf('up', sources({ root: '0' }, { RMS_PROT: '1' }, { hots: 'x' }))
  t.equal(problems.length, 3)
  t.throws(() => loadSettings('up', sources({ root: '0' }, { RMS_PROT: '1' })), { message: /^RMS_PROT .*\n--root / })
})

t.test('an unknown setting is an error that names the nearest known one', async (t) => {
  t.same(problemsOf('up', sources({ prot: '1' })), ['--prot is not a setting; did you mean --port?'])
  const variable = problemsOf('up', sources({}, { RMS_MANAGEPORT: '1' }))
  t.same(variable, ['RMS_MANAGEPORT is not a setting; did you mean RMS_MANAGE_PORT?'])
  const key = problemsOf('up', sources({}, {}, { cryptoMode: 1 }))
  t.same(key, ['cryptoMode in lab.json is not a setting; did you mean crypto-mode?'])
  t.same(problemsOf('up', sources({}, {}, { zzzzzzzzzzz: 1 })), ['zzzzzzzzzzz in lab.json is not a setting'])
  for (const name of ['constructor', '__proto__', 'toString']) {
    t.match(problemsOf('up', sources({}, {}, `{"${name}":1}`)), [new RegExp(`^${name} in lab\\.json is not a setting`)])
  }
})

t.test('a flag of another command is refused; environment and file may hold settings of other commands', async (t) => {
  t.same(problemsOf('status', sources({ root: '1' })), ['--root does not belong to status; it is a setting of up'])
  const { settings } = loadSettings('status', sources({}, { RMS_ROOT: '1' }, { admit: { server: 'a' } }))
  t.notOk('root' in settings)
  t.match(problemsOf('status', sources({}, { RMS_ROOT: '0' })), [/^RMS_ROOT/])
})

t.test('repeatable settings come from flags, from a list with commas, from an object or an array', async (t) => {
  const admitted = (given: Sources) => loadSettings('up', given).settings.admit
  const two = [
    { key: 'server', value: 'CONTOSO\\a' },
    { key: 'license', value: 'b@c.test' },
  ]
  t.same(admitted(sources({ admit: ['server=CONTOSO\\a', 'license=b@c.test'] })), two)
  t.same(admitted(sources({}, { RMS_ADMIT: 'server=CONTOSO\\a, license=b@c.test' })), two)
  t.same(admitted(sources({}, {}, { admit: { server: 'CONTOSO\\a', license: 'b@c.test' } })), two)
  t.same(admitted(sources({}, {}, { admit: ['server=CONTOSO\\a', 'license=b@c.test'] })), two)
  t.same(
    admitted(sources({ admit: ['x=y'] }, { RMS_ADMIT: 'server=a' })),
    [{ key: 'x', value: 'y' }],
    'replaced, not added to',
  )
  t.same(admitted(sources({}, {}, { admit: { server: ['CONTOSO\\a', 'CN=b,DC=c'] } })), [
    { key: 'server', value: 'CONTOSO\\a' },
    { key: 'server', value: 'CN=b,DC=c' },
  ])
})

t.test('a key alone counts where the setting has a value for it', async (t) => {
  const row = {
    type: 'pairs',
    values: 'integer',
    minimum: 0,
    maximum: 65_535,
    alone: 0,
    placeholder: 'NAME[=PORT]',
    default: [],
    commands: ['up'],
    help: '',
  } as const
  t.same(parseValue(row, [' legal', 'root=7443']), [
    { key: 'legal', value: 0 },
    { key: 'root', value: 7443 },
  ])
  for (const texts of [[''], [' '], ['=1'], ['legal='], ['legal=x'], ['legal=65536'], ['legal', 'LEGAL=1']])
    t.throws(() => parseValue(row, texts), { name: 'BadValue' }, texts.join(', '))
  t.throws(() => parseValue({ ...row, alone: undefined as never }, ['legal']), { name: 'BadValue' })
})

t.test('what travels in a header is plain', async (t) => {
  const row = { type: 'string', format: 'header', default: undefined, commands: ['node'], help: '' } as const
  t.equal(parseValue(row, ['a-Z_09=']), 'a-Z_09=')
  for (const text of ['', 'a b', 'a\r\nX-Other: 1', 'schlüssel', 'a'.repeat(201)])
    t.throws(() => parseValue(row, [text]), { name: 'BadValue' }, text)
})

t.test('pairs with numbers name each key once and keep the bounds', async (t) => {
  const row = {
    type: 'pairs',
    values: 'integer',
    minimum: 1,
    maximum: 64,
    placeholder: 'NAME=N',
    default: [],
    commands: ['up'],
    help: '',
  } as const
  t.same(parseValue(row, ['legal=2', 'hr = 1']), [
    { key: 'legal', value: 2 },
    { key: 'hr', value: 1 },
  ])
  t.throws(() => parseValue(row, ['legal=0']), { message: /NAME=N; 0 must be a whole number from 1 to 64$/ })
  t.throws(() => parseValue(row, ['a=1', 'A=2']), { message: /must not name a twice/ })
})

t.test('secrets are neither in messages nor in origins', async (t) => {
  const secret = 'hunter2-very-secret'
  const given = sources({ 'key-password': secret }, { RMS_DB: `postgres://u:${secret}@h/db`, RMS_PASSWORD: secret })
  t.notMatch(JSON.stringify(loadSettings('up', given).origins), secret)
  t.equal(loadSettings('up', given).settings.keyPassword, secret)
  t.same(problemsOf('up', sources({ 'key-password': '' })), ['--key-password is (hidden); it must not be empty'])
})

t.test('a config file that is missing, no JSON or no object is refused by name', async (t) => {
  const missing = problemsOf('up', { flags: { config: 'nowhere/lab.json' }, environment: {} })
  t.match(missing, [/config file nowhere\/lab\.json cannot be read.*ENOENT/])
  t.match(problemsOf('up', sources({}, {}, '{"port":')), [/lab\.json cannot be read as JSON/])
  t.match(problemsOf('up', sources({}, {}, '[1]')), [/must hold one JSON object/])
  t.match(problemsOf('up', sources({}, {}, { config: 'other.json' })), [/cannot name another one/])
})

t.test('any JSON as config file gives settings or a SettingsError', async () => {
  const names = fc.constantFrom('port', 'admit', 'json', 'config', 'host', 'crypto-mode', '__proto__')
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(names, fc.string()), fc.jsonValue()), (file) => {
      problemsOf('up', sources({}, {}, JSON.stringify(file)))
    }),
  )
})

t.test(
  'the distance of names counts swapped neighbors as one edit, and very long names are like nothing',
  async (t) => {
    t.equal(editDistance('prot', 'port'), 1)
    t.equal(editDistance('kitten', 'sitting'), 3)
    t.equal(editDistance('', 'abc'), 3)
    t.equal(nearest('x'.repeat(100_000), ['port']), undefined)
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (a, b) => {
        const distance = editDistance(a, b)
        return (
          distance === editDistance(b, a) && (distance === 0) === (a === b) && distance <= Math.max(a.length, b.length)
        )
      }),
    )
  },
)

t.test('every secret may stand in a file that flag, environment or config file names', async (t) => {
  const files: Readonly<Record<string, string>> = {
    '/run/key': 'open sesame\n',
    '/run/empty': '\n',
    '/run/long': 'x'.repeat(5000),
    '/run/lines': 'a\nb\n',
    'lab.json': '{"db-password-file":"/run/key"}',
  }
  const readText = (path: string): string => {
    const text = files[path]
    if (text === undefined) throw new Error(`ENOENT: no such file ${path}`)
    return text
  }
  const keyPassword = (flags: Sources['flags'], environment: Sources['environment'] = {}): string =>
    loadSettings('node', { flags, environment, readText }).settings.keyPassword
  t.equal(keyPassword({ 'key-password-file': '/run/key' }), 'open sesame')
  t.equal(keyPassword({}, { RMS_KEY_PASSWORD_FILE: '/run/key' }), 'open sesame')
  t.equal(
    keyPassword({ 'key-password': 'flag' }, { RMS_KEY_PASSWORD_FILE: '/run/key' }),
    'flag',
    'the stronger source wins',
  )
  t.equal(keyPassword({ 'key-password-file': '/run/key' }, { RMS_KEY_PASSWORD: 'plain' }), 'open sesame')
  const { settings, origins } = loadSettings('node', { flags: { config: 'lab.json' }, environment: {}, readText })
  t.equal(settings.dbPassword, 'open sesame')
  t.match(
    origins.find(({ name }) => name === 'db-password'),
    { from: 'db-password-file in lab.json', value: '(hidden)' },
  )

  const refused: readonly (readonly [Sources['flags'], Sources['environment'], RegExp])[] = [
    [
      { 'key-password-file': '/run/none' },
      {},
      /^--key-password-file is "\/run\/none"; the secret in this file cannot be used: ENOENT/,
    ],
    [{}, { RMS_KEY_PASSWORD_FILE: '/run/empty' }, /^RMS_KEY_PASSWORD_FILE is "\/run\/empty"; .* it is empty$/],
    [{ 'db-file': '/run/long' }, {}, /more than 4096 characters$/],
    [{ 'db-file': '/run/lines' }, {}, /more than one line$/],
    [
      { 'key-password-file': '/run/key', 'key-password': 'x' },
      {},
      /^--key-password-file and --key-password are for the same secret/,
    ],
    [{}, { RMS_DB: 'a', RMS_DB_FILE: '/run/key' }, /^RMS_DB and RMS_DB_FILE are for the same secret/],
    [{ 'host-file': '/run/key' }, {}, /^--host-file is not a setting/],
    [{ 'token-file': '/run/key' }, {}, /^--token-file does not belong to node/],
    [
      {},
      { RMS_KEY_PASWORD_FILE: '/run/key' },
      /^RMS_KEY_PASWORD_FILE is not a setting; did you mean RMS_KEY_PASSWORD_FILE\?/,
    ],
  ]
  for (const [flags, environment, problem] of refused) {
    const problems = problemsOf('node', { flags, environment, readText })
    t.equal(problems.length, 1, String(problems))
    t.match(problems[0], problem)
    t.notMatch(String(problems), /sesame/)
  }
})

t.test('up refuses what another option would pass over; what a stronger source switches off is settled', async (t) => {
  const refused: readonly (readonly [Sources['flags'], RegExp])[] = [
    [{ ntlm: 'v1', schemes: 'basic' }, /^--ntlm is about NTLM/],
    [{ 'journal-bytes': '1', 'no-journal': 'true' }, /^--journal-bytes is about the journal/],
    [{ 'journal-secrets': 'true', 'no-lab': 'true' }, /^--journal-secrets is about the journal/],
    [{ 'keep-documents': 'true', 'no-lab': 'true' }, /^--keep-documents is about documents that pass/],
    [{ 'header-faults': 'true', 'no-lab': 'true' }, /^--header-faults is about faults/],
    [{ 'scope-idle': '5' }, /^--scope-idle is about scopes/],
  ]
  for (const [flags, problem] of refused) {
    const problems = problemsOf('up', sources(flags))
    t.equal(problems.length, 1, String(problems))
    t.match(problems[0], problem)
  }
  t.same(problemsOf('up', sources({ ntlm: 'v1', schemes: 'basic,ntlm' })), [])
  t.same(problemsOf('up', sources({ 'scope-idle': '5', scopes: '1' })), [])
  t.same(problemsOf('up', sources({ schemes: 'basic' }, { RMS_NTLM: 'v1' })), [])
})
