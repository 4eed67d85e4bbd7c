/** `up --seed-file`: an installation as a file says, and the file that says it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { connect, readyMachine } from '../../src/client/index.js'
import { run, startUp } from './command.js'

t.setTimeout(900_000)

const seedFile = `
builtIn: false
accounts:
  - { name: dave, mail: dave@contoso.test, password: Secret1! }
clusters:
  - { name: root, servers: 2, mode: 1 }
  - name: legal
    templates:
      - guid: 9a23d98e-4449-4ba5-812a-f30808f3cb16
        texts: [{ lcid: 1033, name: Figures, description: For dave }]
        grants: [{ to: dave@contoso.test, rights: [VIEW] }]
faults:
  gone: { effect: { http: 503 }, match: { node: root-2, user: dave, userAgent: nobody }, seed: 1 }
`

t.test(
  '--seed-file: clusters, accounts and templates of a file; lab export writes one that makes the same',
  async (t) => {
    const folder = t.testdir({ 'lab.yaml': seedFile, 'wrong.yaml': 'accounts:\n  - nam: dave\n' })
    const surroundings = { cwd: folder }
    const up = ['up', '--port', '0', '--seed-file']
    t.match(await run([...up, 'wrong.yaml'], surroundings), {
      code: 2,
      stderr: /^wrong\.yaml:2:5: accounts\[0\] lacks the key "name"\nwrong\.yaml:2:5: .* did you mean "name"\?\n$/,
    })
    t.match(await run([...up, 'lab.yaml', '--root', '2'], surroundings), {
      code: 2,
      stderr: /^lab\.yaml says which clusters there are, and so does --root .*: leave one of them out/,
    })
    t.match(await run([...up, 'lab.yaml', '--no-lab'], surroundings), { code: 2, stderr: /--no-lab/ })

    const flags = ['--seed-file', join(folder, 'lab.yaml'), '--data', join(folder, 'data'), '--log-level', 'silent']
    const server = await startUp(flags)
    const legal = server.ready.clusters[1]
    t.match(
      server.ready.clusters.map(({ name, kind, nodes }) => [name, kind, nodes.length]),
      [
        ['root', 'root', 2],
        ['legal', 'licensing', 1],
      ],
    )
    t.same(server.ready.lab, ['fault gone'])
    const client = { machine: readyMachine('alice-pc-mode1') }
    const dave = connect({ url: legal?.url ?? '', user: 'dave', password: 'Secret1!', ...client })
    t.same(
      (await dave.templates()).map(({ guid }) => guid),
      ['{9a23d98e-4449-4ba5-812a-f30808f3cb16}'],
      'the first request finds it: servers had it when they began to serve',
    )
    const environment = { RMS_MANAGE: server.ready.manage, RMS_TOKEN: server.ready.token ?? '' }
    const exported = await run(['lab', 'export', 'copy.yaml'], { ...surroundings, environment })
    t.match(exported, { code: 0, stdout: /^copy\.yaml is written\. .* npx rms-emulator up --seed-file copy\.yaml$/m })
    t.match(await run(['lab', 'export', 'lab.yaml'], { ...surroundings, environment }), { code: 1, stderr: /--force/ })
    const printed = await run(['lab', 'export'], { ...surroundings, environment })
    t.equal(printed.stdout, readFileSync(join(folder, 'copy.yaml'), 'utf8'))
    t.match(parse(printed.stdout), {
      builtIn: false,
      faults: { gone: { effect: { http: 503 }, match: { node: ['root-2'] }, seed: 1 } },
      accounts: [{ name: 'dave', mail: 'dave@contoso.test', password: 'Secret1!' }, { name: 'rms-service' }],
      clusters: [
        { name: 'root', servers: 2, mode: 1, templates: undefined },
        { name: 'legal', servers: 1 },
      ],
    })
    await server.stop()

    writeFileSync(join(folder, 'lab.yaml'), seedFile.replaceAll('dave@', 'david@'))
    t.match(await run([...up, 'lab.yaml', '--data', 'data'], surroundings), {
      code: 1,
      stderr: /^This installation was made from a seed file that said something else/,
    })
  },
)
