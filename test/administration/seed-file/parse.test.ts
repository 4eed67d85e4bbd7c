/** What a seed file may say; and of what it may not, where it stands, with which value, and what was meant. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse as parseYaml } from 'yaml'
import { parseSeed, type Seed } from '../../../src/administration/seed-file/parse.js'
import { seedFileSchema } from '../../../src/administration/seed-file/schema.js'
import { largestSeedFile, mostAccounts } from '../../../src/administration/seed-file/seed-file.js'
import { SeedFileError } from '../../../src/administration/seed-file/seed-file-error.js'
import { endpointPaths } from '../../../src/node/roles.js'
import { servedNames } from '../../../src/node/served.js'

const surroundings = {
  served: servedNames(),
  endpoints: endpointPaths,
  clusters: [
    { name: 'root', servers: 2 },
    { name: 'licensing', servers: 2 },
  ],
}

function parse(text: string): Seed {
  return parseSeed({ name: 'lab.yaml', text }, surroundings)
}

function refusalOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof SeedFileError) return error.message
    throw error
  }
  return 'nothing is wrong'
}

const whole = `
accounts:
  - name: dave
    mail: dave@contoso.test
    proxyAddresses: [d.miller@contoso.test]
    password: Secret1!
    groups: [finance]
  - { name: erin, enabled: false, sid: S-1-5-21-1712426984-1618080182-1209977580-2001 }
groups:
  - name: finance
    mail: finance@contoso.test
    members: [legal@contoso.test, CONTOSO\\erin]
clusters:
  - name: root
    servers: 2
    mode: 1
    templates:
      - guid: 9a23d98e-4449-4ba5-812a-f30808f3cb16
        texts: [{ lcid: 1033, name: Board only, description: The board may read this }]
        grants:
          - { to: finance@contoso.test, rights: [VIEW, X.SHARE] }
          - { to: gone@contoso.test, rights: [VIEW], known: false }
          - { to: someone@fabrikam.test, rights: [VIEW] }
        customRights: [X.SHARE]
        expiresOn: 2030-12-31T00:00:00Z
        state: archived
    superUsers: { group: finance@contoso.test }
    exclusion: { securityProcessor: '6.0', applications: [{ filename: A.EXE, minimumVersion: '1', maximumVersion: '3' }] }
    access: { license: everybody, /certification/subenrollservice.asmx: [dave, ANONYMOUS] }
    settings: { racValidityTimeSeconds: 86400 }
  - name: legal
clock: { mode: step, at: 2026-01-01T00:00:00Z, by: PT1S }
faults:
  gone: { ready: template-deleted, match: { user: dave, node: root-2 }, when: { next: 1 } }
`

t.test('a file that says everything is read, and its schema for editors takes it', async (t) => {
  const { directory, file } = parse(whole)
  t.ok(new Ajv({ strict: false }).validate(schemaOfPackage(), parseYaml(whole)))
  t.match(
    directory.accounts.map(({ name }) => name),
    ['CONTOSO\\alice', 'CONTOSO\\bob', 'CONTOSO\\carol'],
  )
  const finance = directory.find('finance@contoso.test') ?? ''
  const sids = ['legal@contoso.test', 'erin', 'dave'].map((name) => directory.find(name))
  t.same(new Set(directory.members.get(finance)), new Set(sids), 'what groups and accounts say of who is in which')
  t.equal(directory.find('d.miller@contoso.test'), directory.find('contoso.test\\dave'))
  t.equal(file.clusters?.length, 2)
})

t.test('JSON is YAML', async (t) => {
  t.match(parse('{"accounts":[{"name":"dave"}],\n\t"$schema":"./x.json"}').file, { accounts: [{ name: 'dave' }] })
})

t.test('the schema in the package is the one that files are checked by', async (t) => {
  t.same(schemaOfPackage(), seedFileSchema, 'node build/test/fixtures/write-readme.js writes it')
})

function schemaOfPackage(): object {
  return JSON.parse(readFileSync(new URL('../../../../schemas/seed-file.json', import.meta.url), 'utf8')) as object
}

t.test('built-in accounts and groups are there, are replaced by those of their name, or are left out', async (t) => {
  const { directory } = parse(
    'accounts: [{ name: BOB, mail: robert@contoso.test }]\ngroups: [{ name: staff, mail: all@contoso.test }]',
  )
  const { accounts, members } = directory
  const find = (name: string): string | undefined => directory.find(name)
  t.equal(accounts.length, 6)
  t.equal(find('robert@contoso.test'), 'S-1-5-21-1712426984-1618080182-1209977580-1105', 'the same SID')
  t.equal(find('bob@contoso.test'), find('robert@contoso.test'), 'by its name in the forest')
  t.equal(find('staff@contoso.test'), undefined)
  t.equal(members.get(find('all@contoso.test') ?? '')?.length, 2, 'members that it does not name stay')
  const alone = parse('builtIn: false\naccounts: [{ name: alice }]').directory
  t.same(
    [...alone.accounts, ...alone.groups].map(({ name }) => name).toSorted(),
    ['CONTOSO\\Domain Users', 'CONTOSO\\RMS Service Group', 'CONTOSO\\alice', 'CONTOSO\\rms-service'],
    'what servers need is there',
  )
})

t.test('a SID that is not told is the same each time, and nobody else has it', async (t) => {
  const sidOf = (text: string): string | undefined => parse(text).directory.find('dave')
  const sid = sidOf('accounts: [{ name: dave }]')
  t.equal(sidOf('accounts: [{ name: erin }, { name: dave }]'), sid)
  const taken = `accounts: [{ name: erin, sid: ${sid} }, { name: dave }]`
  t.not(sidOf(taken), sid)
  t.equal(sidOf(taken), sidOf(taken))
})

t.test('a fingerprint is of what the file says', async (t) => {
  const of = (text: string): string => parse(text).fingerprint
  const one = of('accounts: [{ name: dave, mail: dave@contoso.test }]')
  t.equal(of('# a comment\naccounts:\n  - mail: "dave@contoso.test"\n    name: dave\n'), one)
  t.not(of('accounts: [{ name: dave, mail: david@contoso.test }]'), one)
  t.equal(of('clusters: [{ name: root, servers: 2 }]'), of('clusters: [{ name: root }]'), 'not of how many serve it')
})

const template = (rest: string): string =>
  `clusters: [{ name: root, templates: [{ guid: 9a23d98e-4449-4ba5-812a-f30808f3cb16, ${rest} }] }]`
const texts = 'texts: [{ lcid: 1033, name: N, description: D }]'

/** A file, and all that is said of it. */
const wrong: readonly (readonly [string, ...string[]])[] = [
  ['', '1:1: the seed file says nothing: name accounts, groups, clusters, a clock or faults in it'],
  ['[1]', '1:1: the seed file is a list of 1: it must be a map of keys and values'],
  ['acounts: []', '1:1: the seed file has no key "acounts": did you mean "accounts"?'],
  [
    'accounts:\n  - name: dave\n    maill: dave@contoso.test',
    '3:5: accounts[0] has no key "maill": did you mean "mail"?',
  ],
  ['accounts:\n  - mail: dave@contoso.test', '2:5: accounts[0] lacks the key "name"'],
  ['accounts:', '1:1: accounts is empty: give a list, or leave the key out'],
  ['accounts: [{ name: 12 }]', '1:20: accounts[0].name is the number 12: it must be a text, between quotes: "12"'],
  ['accounts: [{ name: dave, enabled: yes }]', '1:35: accounts[0].enabled is "yes": it must be true or false'],
  [
    'accounts: [{ name: dave, mail: dave }]',
    '1:32: accounts[0].mail is "dave": it must be a mail address, such as bob@contoso.test',
  ],
  [
    'clusters: [{ name: root, exclusion: { securityProcessor: 6.10 } }]',
    '1:58: clusters[0].exclusion.securityProcessor is the number 6.10: it must be a text, between quotes: "6.10"',
  ],
  ['clusters: []', '1:11: clusters is an empty list: it must have at least 1'],
  ['clusters: [{ name: root, mode: 3 }]', '1:32: clusters[0].mode is 3: it must be one of 1, 2'],
  ['clusters: [{ name: root, servers: 65 }]', '1:35: clusters[0].servers is 65: it must be at most 64'],
  [
    'clusters: [{ name: root, access: { license: nobody } }]',
    '1:45: clusters[0].access.license is "nobody": it must be a list of accounts and groups, or everybody',
  ],
  // Two of one.
  [
    'accounts:\n  - { name: dave }\n  - { name: contoso\\Dave }',
    '3:13: accounts[1].name is "CONTOSO\\\\Dave", and so is that of accounts[0]: choose another one',
  ],
  [
    'accounts:\n  - { name: dave, mail: dave@contoso.test }\n  - { name: erin, proxyAddresses: [DAVE@contoso.test] }',
    '3:5: accounts[1] has the mail address DAVE@contoso.test, which is that of accounts[0]: choose another one',
  ],
  [
    'accounts: [{ name: dave, mail: bob@contoso.test }]',
    '1:32: accounts[0] has the mail address bob@contoso.test, which is that of the built-in CONTOSO\\bob: choose another one',
  ],
  [
    'groups: [{ name: dave, mail: bob@contoso.test }]',
    '1:30: groups[0] has the mail address bob@contoso.test, which is that of the built-in CONTOSO\\bob: choose another one',
  ],
  [
    'accounts: [{ name: staff }]',
    '1:20: accounts[0].name is "CONTOSO\\\\staff", and so is that of the built-in CONTOSO\\staff: choose another one',
  ],
  ['accounts: []\naccounts: []', '2:1: accounts stands there twice'],
  [
    'clusters: [{ name: root }, { name: Root }]',
    '1:36: clusters[1].name is "Root", and so is that of clusters[0]: choose another one',
  ],
  // Nobody.
  [
    'accounts: [{ name: FABRIKAM\\dave }]',
    '1:20: accounts[0].name is "FABRIKAM\\\\dave", which is of another domain: write CONTOSO\\name, or the name alone',
  ],
  [
    'accounts: [{ name: dave, groups: [stff] }]',
    '1:35: accounts[0].groups[0] is "stff", and there is no such group: did you mean "staff"?',
  ],
  [
    'groups: [{ name: finance, members: [carrol, finance] }]',
    '1:37: groups[0].members[0] is "carrol", and there is no such account or group: did you mean "carol"?',
    '1:45: groups[0].members[1] is "finance", the group itself',
  ],
  [
    'builtIn: false\ngroups: [{ name: finance, members: [alice] }]',
    '2:37: groups[0].members[0] is "alice", and there is no such account or group: accounts and groups of the file say who there is',
  ],
  [
    template(`${texts}, grants: [{ to: stafff@contoso.test, rights: [VIEW] }]`),
    '1:149: clusters[0].templates[0].grants[0].to is "stafff@contoso.test", and nobody has that address: did you mean "staff@contoso.test"? If nobody is to have it, add known: false',
  ],
  [
    template(`${texts}, grants: []`),
    '1:142: clusters[0].templates[0].grants is an empty list: it must have at least 1',
  ],
  [
    template(`${texts}, grants: [{ to: ANYONE, rights: [VEIW] }]`),
    '1:166: clusters[0].templates[0].grants[0].rights[0] is "VEIW", which is no right: did you mean "VIEW"? One of an application is listed in customRights',
  ],
  [
    template(`${texts}, grants: [{ to: ANYONE, rights: [VIEW] }], expiresOn: 2030-02-01, expiresAfterDays: 3`),
    '1:38: clusters[0].templates[0]: Content expires on a date or some days after publishing, not both',
  ],
  [
    'clusters: [{ name: root, superUsers: { group: superuser@contoso.test } }]',
    '1:47: clusters[0].superUsers.group is "superuser@contoso.test", and there is no such group: did you mean "superusers@contoso.test"?',
  ],
  [
    'clusters: [{ name: root, access: { licens: everybody } }]',
    '1:36: clusters[0].access.licens is no endpoint: did you mean "license"?',
  ],
  [
    'clusters: [{ name: root, access: { license: [davee] } }]',
    '1:46: clusters[0].access.license[0] is "davee", and there is no such account or group: accounts and groups of the file say who there is',
  ],
  // What cannot be.
  [
    'clusters: [{ name: legal }]',
    '1:11: clusters have no root cluster: an installation has one, and it is called root',
  ],
  [
    'clusters: [{ name: root }, { name: legal, mode: 1 }]',
    '1:49: clusters[1].mode is 1, and that of the root is 2: all clusters of a forest have one mode',
  ],
  [
    'clusters: [{ name: root, exclusion: { applications: [{ filename: A, minimumVersion: "3", maximumVersion: "1" }] } }]',
    '1:54: clusters[0].exclusion.applications[0]: minimumVersion 3.0.0.0 is above maximumVersion 1.0.0.0',
  ],
  [
    'clusters: [{ name: root, trust: { userDomains: [{ certificate: "<x>" }] } }]',
    '1:64: clusters[0].trust.userDomains[0].certificate: The certificate cannot be read: unclosed tag: x (at character 3)',
  ],
  [
    'clusters: [{ name: root, trust: { forests: [{ domain: contoso.test, url: "https://rms.test/g" }] } }]',
    '1:55: clusters[0].trust.forests[0].domain is contoso.test, the own forest: its directory is here',
  ],
  ['clock: { mode: frosen }', '1:16: clock.mode is "frosen": did you mean "frozen"?'],
  [
    'clock: { mode: offset, by: 5 minutes }',
    '1:8: clock: "by" of the clock is no duration: "5 minutes". Did you mean "PT5M"? Hours, minutes and seconds stand behind a T',
  ],
  [
    'faults: { gone: { ready: template-delted } }',
    '1:26: faults.gone.ready is "template-delted": did you mean "template-deleted"?',
  ],
  [
    'faults: { gone: { effect: { exeption: A } } }',
    '1:29: faults.gone.effect has no key "exeption": did you mean "exception"?',
  ],
  [
    'faults: { gone: { effect: { http: 503 }, match: { user: bobb@contoso.test } } }',
    '1:57: faults.gone.match.user is "bobb@contoso.test", and there is no such account: did you mean "bob@contoso.test"?',
  ],
  [
    'faults: { gone: { effect: { http: 503 }, match: { node: root-7 } } }',
    '1:17: faults.gone: There is no node "root-7" here: did you mean "root-1"?',
  ],
  // What has no one meaning, or no end.
  ['accounts: &all []\ngroups: *all', '2:9: groups is the alias *all: write out what it stands for'],
  ['accounts: !list []', '1:17: accounts has the tag !list: leave it out'],
  ['accounts: !!seq []', '1:17: accounts has the tag tag:yaml.org,2002:seq: leave it out'],
  ['accounts: []\n---\ngroups: []', '2:1: a second document begins here: a seed file is one'],
  ['accounts:\n\t- name: dave', '2:1: it is no YAML: Tabs are not allowed as indentation'],
  ['? [a]\n: 1', '1:3: the seed file has a key that is no name'],
  ['forest: fabrikam', '1:9: forest is "fabrikam": it must be a DNS name of two parts or more, such as fabrikam.test'],
  ['forest: 42', '1:9: forest is the number 42: it must be a text, between quotes: "42"'],
  [
    'forest: fabrikam.test\naccounts: [{ name: CONTOSO\\dave }]',
    '2:20: accounts[0].name is "CONTOSO\\\\dave", which is of another domain: write FABRIKAM\\name, or the name alone',
  ],
  [
    'forest: fabrikam.test\ngroups: [{ name: team, members: [bob@contoso.test] }]',
    '2:34: groups[0].members[0] is "bob@contoso.test", and there is no such account or group: did you mean "bob@fabrikam.test"?',
  ],
  [
    '__proto__: 1',
    '1:1: the seed file has no key "__proto__": there are $schema, forest, builtIn, accounts, groups, clusters, seed, clock, faults',
  ],
]

for (const [text, ...expected] of wrong)
  t.test(`refused: ${JSON.stringify(text).slice(0, 120)}`, async (t) => {
    t.equal(
      refusalOf(() => parse(text)),
      expected.map((line) => `lab.yaml:${line}`).join('\n'),
    )
  })

t.test('whatever is too deep or too large is refused before it is read', async (t) => {
  const deep = 'lab.yaml: it is nested more than 40 levels deep'
  for (const text of ['[', '{a: ', '- ', '? ', ': '])
    t.equal(
      refusalOf(() => parse(text.repeat(50_000))),
      deep,
      text,
    )
  const stairs = Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')
  t.equal(
    refusalOf(() => parse(stairs)),
    deep,
  )
  t.match(
    refusalOf(() => parse(`# ${'x'.repeat(largestSeedFile)}`)),
    /a seed file has at most \d+$/,
  )
  const many = Array.from({ length: mostAccounts + 1 }, (_, index) => `- name: a${index}\n`).join('')
  t.equal(
    refusalOf(() => parse(`accounts:\n${many}`)),
    `lab.yaml:2:1: accounts is a list of ${mostAccounts + 1}: it must have at most ${mostAccounts}`,
  )
  t.match(
    refusalOf(() => parse(`groups: [{ name: \0 }]`)),
    /no text in UTF-8/,
  )
})

t.test('of an object of a program, the path is told', async (t) => {
  t.equal(
    refusalOf(() => parseSeed({ object: { accounts: [{ name: 'dave', mial: 'x' }] } }, surroundings)),
    'seedFile: accounts[0] has no key "mial": did you mean "mail"?',
  )
})

t.test('of very many mistakes the first are told', async (t) => {
  const many = Array.from({ length: 100 }, (_, index) => `  - nam: a${index}\n`).join('')
  const lines = refusalOf(() => parse(`accounts:\n${many}`)).split('\n')
  t.equal(lines.length, 21)
  t.equal(lines.at(-1), 'lab.yaml: and 180 more')
})
