import t from 'tap'
import { connect, connectRest, OptionRefused, startInstallation } from '../../src/index.js'

const url = 'http://127.0.0.1:1'
const refused: Readonly<Record<string, readonly [object, RegExp]>> = {
  'a mistyped name': [{ portt: 1 }, /has no option portt: did you mean port\?$/],
  'a name like none': [{ zzzzzzzzzz: 1 }, /has no option zzzzzzzzzz: it has processes, root/],
  'a mode that there is not': [{ mode: 3 }, /mode of startInstallation is 3: it must be 1 or 2$/],
  'a port as text': [{ port: '7000' }, /port of startInstallation is "7000": it must be a whole number/],
  'a negative port': [{ port: -1 }, /from 0 to 65535$/],
  'clusters without processes': [{ licensing: [] }, /licensing of startInstallation needs processes: true/],
  'processes over a database in memory': [
    { processes: true, database: 'sqlite::memory:' },
    /database of startInstallation is in memory, where the processes/,
  ],
  'no nodes at all': [{ processes: true, root: 0 }, /whole number from 1 to 64/],
  'no nodes in this process': [{ root: 0 }, /whole number from 1 to 64/],
  'a cluster as text': [{ processes: true, licensing: ['legal'] }, /each item must be an object/],
  'a cluster without nodes': [{ processes: true, licensing: [{ name: 'legal' }] }, /an item lacks nodes/],
  'a mistyped member': [
    { processes: true, licensing: [{ name: 'legal', nodes: 1, prot: 1 }] },
    /an item has the unknown prot/,
  ],
  'a scheme that there is not': [{ schemes: ['kerberos'] }, /must be a list of negotiate, ntlm, basic/],
  'a level that there is not': [{ ntlmLevel: 'v3' }, /"v2" or "v1-ess" or "v1"/],
  'a list as something else': [{ processes: true, licensing: {} }, /is an object: it must be a list$/],
  'an engine that there is not': [{ engine: 'webcrypto' }, /"openssl" or "forge"/],
}

t.test('an installation is not started with options that would be ignored', async (t) => {
  for (const [what, [options, message]] of Object.entries(refused)) {
    const error = await startInstallation(options).then(
      async (installation) => installation.close(),
      (reason: unknown) => reason,
    )
    t.ok(error instanceof OptionRefused, what)
    t.match(error, { message }, what)
  }
})

t.test('a client neither', async (t) => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ pasword: 'x' }, /connect has no option pasword: did you mean password\?/],
    [{ mode: '2' }, /mode of connect is "2"/],
    [{ signIn: 'kerberos' }, /signIn of connect is "kerberos": it must be "basic" or/],
    [{ timeoutMilliseconds: 0 }, /whole number from 1/],
    [{ licensingHosts: 'rms.contoso.test' }, /a list of texts/],
    [{ clock: 5 }, /clock of connect is 5: it must be an object/],
  ]
  for (const [options, message] of wrong)
    t.throws(() => connect({ url, ...options }), { name: 'OptionRefused', message })
  const notGiven: object = { user: undefined }
  t.ok(connect({ url, ...notGiven }), 'undefined is not given')
})

t.test('nor is content protected with a policy of which something would be ignored', async (t) => {
  const rights = [{ to: 'bob@contoso.test', rights: ['VIEW'] }]
  const both: readonly (readonly [object, RegExp])[] = [
    [{ rights, validUntill: new Date(0) }, /the policy has no option validUntill: did you mean validUntil\?$/],
    [{ rightz: rights }, /the policy has no option rightz: did you mean rights\?$/],
    [
      { rights: [{ to: 'bob@contoso.test', right: ['VIEW'] }] },
      /an item has the unknown right: did you mean rights\?$/,
    ],
    [{ rights: 'VIEW' }, /rights of the policy is "VIEW": it must be a list$/],
    [{}, /the policy needs rights/],
  ]
  const file = [Buffer.from('x'), '.txt'] as const
  const client = connect({ url })
  const template = { template: 'read only', validUntil: new Date(0) }
  for (const [policy, message] of [...both, [template, /no option validUntil/] as const])
    await t.rejects(client.protectFile(...file, policy as never), { name: 'OptionRefused', message })
  const rest = connectRest({ url, token: 'any' })
  const roles = { roles: [{ to: 'bob@contoso.test', role: ['VIEWER'] }] }
  for (const [policy, message] of [...both, [roles, /unknown role: did you mean roles/] as const])
    await t.rejects(rest.protectFile(...file, policy as never), { name: 'OptionRefused', message })
  await t.rejects(client.protectFile(...file, { rights }, { onlin: true } as never), { message: /did you mean online/ })
  await t.rejects(client.publish({ rights }, { cipherMode: 'CBC' } as never), {
    message: /cipherMode of publishing is "CBC"/,
  })
  t.throws(() => connectRest({ url, tokn: 'x' } as never), { message: /connectRest has no option tokn/ })
})

t.test('a text is no file', async (t) => {
  const policy = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
  for (const client of [connect({ url }), connectRest({ url, token: 'any' })]) {
    for (const [given, said] of [
      ['a text', /takes bytes, .*; given was a text: Buffer\.from\(text\) has its bytes$/],
      [undefined, /; given was undefined$/],
      [{}, /; given was an object$/],
    ] as const) {
      const wrong = given as unknown as Buffer
      await t.rejects(client.protectFile(wrong, '.txt', policy), { name: 'OptionRefused', message: said })
      await t.rejects(client.openFile(wrong), { name: 'OptionRefused', message: said })
    }
  }
})
