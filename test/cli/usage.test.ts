import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { optionsOf, type CommandName } from '../../src/config/options.js'
import { jsonLines, main, outcome, run } from './command.js'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

t.jobs = 2
t.setTimeout(900_000)

const noStack = /\n\s+at /

t.test('what was asked for in a wrong way ends with 2 and a sentence on stderr', async (t) => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['explian'], /unknown command 'explian'\n\(Did you mean explain\?\)/],
    [['client', 'opne', 'f'], /unknown command 'opne'\n\(Did you mean open\?\)/],
    [['up', '--prot', '1'], /unknown option '--prot'\n\(Did you mean --port\?\)/],
    [['up', '--port', '70x'], /^--port is "70x"; it must be a whole number from 0 to 65535$/m],
    [['up', '--port'], /option '--port <N>' argument missing/],
    [['up', '--root', '0'], /^--root is "0"; it must be a whole number from 1 to 64$/m],
    [
      ['provision', 'rooot', '--cluster', 'x'],
      /no kind of cluster "rooot": npx rms-emulator provision root, or npx rms-emulator provision licensing/,
    ],
    [['add-cluster', 'legal', '--nodes', '0'], /--nodes is "0"; it must be a whole number from 1 to 64/],
    [
      ['node', '--cluster', 'root', '--db', 'lab.sqlite', '--db-password', 'x'],
      /--db-password needs a --db that names a user and no password, such as postgres:/,
    ],
    [
      ['node', '--cluster', 'root', '--db', 'postgres://u:p@h/d', '--db-password', 'x'],
      /--db-password needs a --db that names a user and no password/,
    ],
    [
      ['node', '--cluster', 'root', '--key-password-file', 'nowhere'],
      /^--key-password-file is "nowhere"; the secret in this file cannot be used: ENOENT/m,
    ],
    [['balancer', '--nodes', 'http://127.0.0.1:1/'], /Say before which cluster the balancer stands: --cluster NAME/],
    [['manage', '--port', '7000'], /unknown option '--port'[^]*Did you mean --manage-port\?/],
    [['manage'], /Say where the installation is: --db PATH/],
    [['node', '--db', 'x'], /Say which cluster to join: --cluster NAME/],
    [
      ['up', '--admit', 'nowhere=staff', '--port', '0'],
      /There is no endpoint "nowhere"\. The endpoints are .*\/licensing\/license\.asmx/,
    ],
    [
      ['up', '--oauth-client', 'app=https://app.contoso.test/#done'],
      /--oauth-client app=https:\/\/app\.contoso\.test\/#done: the redirect address must be an absolute URI without fragment/,
    ],
    [
      ['up', '--port', '17230', '--manage-port', '17231'],
      /Port 17231 is that of a cluster already: choose another one for management, --manage-port N/,
    ],
    [
      ['up', '--port', '17230', '--manage-port', '0', '--extranet', 'root=17230'],
      /Port 17230 is that of a cluster already: choose another one for the extranet, --extranet root=PORT/,
    ],
    [['up', '--config', 'nowhere.json'], /config file nowhere\.json cannot be read/],
    [['status', '--manage', 'localhost'], /--manage is "localhost"; it must be a URL/],
    [['help', 'upp'], /unknown command 'upp'[^]*Did you mean up\?/],
    [['explain'], /missing required argument 'file'/],
    [['demo', 'a', 'b'], /too many arguments for 'demo'/],
    [['client', 'open'], /missing required argument 'file'/],
    [['client', 'publish', 'package.json'], /Say who may do what: --to /],
    [['client', 'publish', 'package.json', '--to', 'x=VIEW', '--template', 'y'], /either --template or --to/],
    [
      ['client', 'publish', 'package.json', '--to', '=VIEW'],
      /--to is "=VIEW"; it must look like bob@contoso\.test=VIEW,PRINT/,
    ],
    [['client', 'publish', 'package.json', '--to', 'bob@contoso.test=VIEW,,PRINT'], /must look like/],
    [
      ['client', 'publish', 'package.json', '--to', 'bob@contoso.test=vieew'],
      /Rights of bob@contoso\.test: nobody knows "vieew"\. Did you mean VIEW\? .*--any-right/,
    ],
    [
      ['client', 'certify', '--machine', 'alice-pc-mode3'],
      /no machine "alice-pc-mode3"\. Give one of alice-pc-mode1, /,
    ],
    [['up', '--management-port', '1'], /Did you mean --manage-port\?/],
    [['status', '--manege', 'x'], /^error: unknown option '--manege'\n\(Did you mean --manage\?\)\n[^\n]*\n$/],
    [['client'], /Usage: rms-emulator client/],
    [[], /Usage: rms-emulator/],
  ]
  const outcomes = await inTurns(
    wrong.map(
      ([args]) =>
        () =>
          run(args),
    ),
  )
  for (const [index, [args, message]] of wrong.entries()) {
    const { code, stdout, stderr } = outcomes[index] as (typeof outcomes)[number]
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '', args.join(' '))
    t.match(stderr, message)
    t.notMatch(stderr, noStack)
  }
})

t.test('--json: what went wrong is a line of JSON on stdout too, and the words stay on stderr', async (t) => {
  const cases: readonly (readonly [readonly string[], number, object])[] = [
    [['status', '--manage', 'http://127.0.0.1:1'], 1, { event: 'failed', reason: /does not answer \(ECONNREFUSED\)/ }],
    [['client', 'locate', '--server', 'http://127.0.0.1:1'], 1, { reason: /port 1 belongs to another kind/ }],
    [
      ['explain', 'nowhere.xrml'],
      1,
      { event: 'failed', reason: 'nowhere.xrml cannot be read: there is no such file or folder' },
    ],
    [['up', '--port', '70x'], 2, { event: 'usage', reason: /^--port is "70x"/ }],
    [['explian'], 2, { event: 'usage', reason: /unknown command 'explian'/ }],
    [
      ['node', '--cluster', 'root', '--db', 'x', '--tls-cert', 'c.pem'],
      2,
      { event: 'usage', reason: /give --tls-key FILE/ },
    ],
  ]
  const outcomes = await inTurns(
    cases.map(
      ([args]) =>
        () =>
          run([...args, '--json']),
    ),
  )
  for (const [index, [args, code, event]] of cases.entries()) {
    const outcome = outcomes[index] as (typeof outcomes)[number]
    t.match(outcome, { code, stderr: /\S/ }, args.join(' '))
    t.match(jsonLines(outcome), [event], args.join(' '))
    t.equal(jsonLines(outcome).length, 1)
  }
})

t.test('a setting of the environment that does not exist is refused too', async (t) => {
  const { code, stderr } = await run(['status'], { environment: { RMS_PROT: '1' } })
  t.equal(code, 2)
  t.match(stderr, /^RMS_PROT is not a setting; did you mean RMS_PORT\?/)
})

t.test('--help of every command shows its settings, an example and the exit codes', async (t) => {
  const commands: readonly (readonly [string, CommandName | undefined])[] = [
    ['', undefined],
    ['up', 'up'],
    ['node', 'node'],
    ['provision', 'provision'],
    ['balancer', 'balancer'],
    ['manage', 'manage'],
    ['status', 'status'],
    ['add-server', 'add-server'],
    ['add-cluster', 'add-cluster'],
    ['remove-server', 'remove-server'],
    ['demo', 'demo'],
    ['explain', 'explain'],
    ['load', 'load'],
    ['size', 'size'],
    ['client', undefined],
    ...['locate', 'certify', 'clc', 'templates', 'publish', 'open', 'licenses'].map(
      (step) => [`client ${step}`, 'client'] as const,
    ),
  ]
  const outcomes = await inTurns(
    commands.map(
      ([name]) =>
        () =>
          run([...name.split(' ').filter(Boolean), '--help']),
    ),
  )
  for (const [index, [name, settings]] of commands.entries()) {
    const { code, stdout, stderr } = outcomes[index] as (typeof outcomes)[number]
    t.equal(code, 0, name)
    t.equal(stderr, '', name)
    t.match(stdout, new RegExp(`^Usage: rms-emulator ?${name}`), name)
    for (const option of settings === undefined ? [] : optionsOf(settings)) t.match(stdout, `  --${option} `, name)
    t.match(stdout, new RegExp(`\n  npx rms-emulator ${name}`), `${name} has an example`)
    t.match(stdout, /Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 /, name)
    t.notMatch(stdout, /\n\n\n/, name)
    t.notMatch(stdout, '\u001B[', `${name} has no colors in a pipe`)
  }
})

t.test('--version is that of the package', async (t) => {
  t.match(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('what cannot be reached or read ends with 1 and a sentence that says what to do', async (t) => {
  const folder = t.testdir({ 'plain.txt': 'no license in here' })
  const nowhere = `http://127.0.0.1:${await freePort()}`
  const failing: readonly (readonly [readonly string[], RegExp])[] = [
    [['explain', 'nowhere.xrml'], /^nowhere\.xrml cannot be read: there is no such file or folder\n$/],
    [['explain', '.'], /^\. cannot be read: it is a folder\n$/],
    [['demo', 'nowhere.txt', '--server', nowhere], /^nowhere\.txt cannot be read: there is no such file/],
    [['demo', '--server', nowhere], /connection was refused\. Is the server running, and is this its port\?/],
    [
      ['status', '--manage', nowhere],
      /\/status does not answer \(ECONNREFUSED\)\. Start an installation with npx rms-emulator up/,
    ],
    [['client', 'locate', '--server', nowhere], /connection was refused\. Is the server running/],
    [['client', 'open', `${folder}/plain.txt`, '--server', nowhere], /\S/],
    [
      ['client', 'certify', '--machine', './nowhere', '--server', nowhere],
      /nowhere.*cannot be read: there is no such file/,
    ],
    [['manage', '--db', `${folder}/typo.sqlite`], /There is no database file .*typo\.sqlite/],
    [
      ['provision', 'licensing', '--cluster', 'legal', '--public-url', 'http://l', '--db', `${folder}/typo.sqlite`],
      /There is no database file .*typo\.sqlite/,
    ],
    [['up', '--port', '0', '--data', `${folder}/plain.txt`], /The data folder .*plain\.txt cannot be used: /],
    [
      ['up', '--port', '0', '--db', `${folder}/plain.txt`],
      /The file .*plain\.txt is no SQLite database: name another one/,
    ],
    [['up', '--port', '0', '--db', 'postgres://u:secret@127.0.0.1:1/db'], /^The database (?!.*secret).*is away/],
    [['remove-server', 'root-1', '--manage', nowhere], /\/servers\/root-1\S* does not answer \(ECONNREFUSED\)/],
    [['up', '--port', '0', '--host', '203.0.113.77'], /--host 203\.0\.113\.77 is not an address of this machine/],
  ]
  const outcomes = await inTurns(
    failing.map(
      ([args]) =>
        () =>
          run(args),
    ),
  )
  for (const [index, [args, message]] of failing.entries()) {
    const { code, stdout, stderr } = outcomes[index] as (typeof outcomes)[number]
    t.equal(code, 1, args.join(' '))
    t.match(stderr, message)
    t.notMatch(stderr, noStack, args.join(' '))
    if (args[0] !== 'demo') t.equal(stdout, '', args.join(' '))
  }
  t.notOk(existsSync(`${folder}/typo.sqlite`), 'a misspelt database is not made')
  t.match(readFileSync(`${folder}/plain.txt`, 'utf8'), /^no license/)
})

t.test('a web server that is no rms server is named', async (t) => {
  const { createServer: createWebServer } = await import('node:http')
  const server = createWebServer(
    (_request, response) => void response.setHeader('content-type', 'text/html').end('<p>hello</p>'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const [status, client] = await Promise.all([
    run(['status', '--manage', url]),
    run(['client', 'locate', '--server', url]),
  ])
  t.match(status, { code: 1, stderr: /Is this its management address\?/ })
  t.match(client, { code: 1, stderr: /this is no SOAP answer .*Is this the address of an RMS service\?/ })
  const [secureStatus, secureClient] = await Promise.all([
    run(['status', '--manage', url.replace('http:', 'https:')]),
    run(['client', 'locate', '--server', url.replace('http:', 'https:')]),
  ])
  const trusting = await run(['client', 'locate', '--server', url.replace('http:', 'https:'), '--ca', `${url}/ca.pem`])
  t.match(trusting, { code: 1, stderr: /^--ca \S+ has no certificates \(HTTP 200\)/ })
  for (const outcome of [secureStatus, secureClient])
    t.match(outcome, { code: 1, stderr: /this is https, but plain http is spoken there\. Use http:/ })
})

t.test('explain takes standard input, and a reader that goes away does no harm', async (t) => {
  const spc = readFileSync('certs/machines/alice-pc-mode2/spc.xrml')
  t.match(await run(['explain', '-'], { input: spc }), { code: 0, stdout: /Good and trusted: \d documents/ })
  const child = spawn(process.execPath, [main, 'explain', 'certs/machines/alice-pc-mode2/spc.xrml'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  t.match(await outcome(child), { code: 0, stderr: '' })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** A few processes at once: more would only wait for each other. */
async function inTurns<Result>(works: readonly (() => Promise<Result>)[]): Promise<readonly Result[]> {
  const results: Result[] = []
  const queue = [...works.entries()]
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await next[1]()
  }
  await Promise.all([worker(), worker(), worker()])
  return results
}

t.test('--print-config shows what a command would use, and does nothing else', async (t) => {
  const [text, json] = await Promise.all([
    run(['up', '--print-config', '--port', '7300']),
    run(['add-server', 'root', '--print-config', '--json', '--manage', 'http://127.0.0.1:1']),
  ])
  t.match(text, { code: 0, stdout: /^setting +value +from\n[^]*^port +7300 +--port$/m, stderr: '' })
  t.match(jsonLines(json), [{ event: 'config', command: 'add-server', settings: [{ name: 'config' }] }])
  t.match(json, { code: 0, stderr: '' })
})
