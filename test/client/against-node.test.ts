import t from 'tap'
import { connect, type RmsClient } from '../../src/client/index.js'
import { startNode } from '../../src/node/start.js'

const password = 'Passw0rd!'
const refused = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const policy = {
  rights: [{ to: 'legal@contoso.test', rights: ['VIEW', 'PRINT'], days: 3 }],
  applicationData: [{ name: 'Allow_Server_Editing', value: 'True' }],
  referral: 'alice@contoso.test',
}

for (const mode of [1, 2] as const) {
  t.test(`mode ${mode}: from the first step to the opened file, at a node`, async (t) => {
    const node = await startNode({ mode })
    t.teardown(() => node.close())
    const as = (user: string): RmsClient => connect({ url: node.baseUrl, user: `CONTOSO\\${user}`, password })
    const [alice, bob, mallory, service] = [as('alice'), as('bob'), as('mallory'), as('rms-service')]
    const plain = Buffer.from('The plan.')

    for (const online of [false, true]) {
      const file = await alice.protectFile(plain, '.txt', policy, { online })
      const forBob = await bob.openFile(file)
      t.ok(forBob.plain.equals(plain))
      t.same(forBob.rights, ['VIEW', 'PRINT'])
      const days = ((forBob.timedRights[0]?.until?.getTime() ?? 0) - Date.now()) / 86_400_000
      t.ok(days > 2.99 && days <= 3, 'three days')
      t.same((await alice.openFile(file)).rights, ['OWNER'])
      t.match(await refused(mallory.openFile(file)), { exceptionName: /NoRightsForRequestedPrincipalException$/ })
    }

    for (const template of await alice.templates()) {
      for (const online of [false, true]) {
        const opened = await bob.openFile(await alice.protectFile(plain, '', { template }, { online }))
        t.ok(opened.rights.includes('VIEW'), `${template.texts[0]?.name}${online ? ', online' : ''}`)
      }
    }

    const [shared, own] = [await alice.publish(policy), await alice.publish({ rights: [] })]
    const batch = await bob.acquireLicenses([shared.text, own.text])
    t.match(batch[1]?.error, { exceptionName: /NoRightsForRequestedPrincipalException$/ })
    t.same((await bob.open(batch[0]?.license as never, shared.text)).contentKey, shared.contentKey)
    const ahead = await alice.acquirePreLicense(shared.text, ['mallory@contoso.test', 'bob@contoso.test'])
    t.match(ahead[0]?.error, { exceptionName: /NoRightsForRequestedPrincipalException$/ })
    t.same((await bob.open(ahead[1]?.license as never, shared.text)).contentKey, shared.contentKey)
    const inBobsPlace = await alice.acquireLicenseFor(await alice.precertify('bob@contoso.test'), shared.text)
    t.same((await bob.open(inBobsPlace, shared.text)).rights, ['VIEW', 'PRINT'])
    t.match(await refused(alice.open(inBobsPlace)), { name: 'VerificationFailed' })

    const edited = await service.republish(shared.text, { rights: [{ to: 'mallory@contoso.test', rights: ['VIEW'] }] })
    t.same((await mallory.open(await mallory.acquireLicense(edited.text), edited.text)).contentKey, shared.contentKey)
    t.match(await refused(service.republish(own.text, { rights: [] })), {
      exceptionName: /ServerRepublishIllegalException$/,
    })
    t.match(await refused(service.acquireContentKey(shared.text)), {
      exceptionName: /ClusterNotDecommissionedException$/,
    })
    t.equal((await alice.serverInfo()).slcChain.length, 4)
    const temporary = await alice.certify({ persistent: false })
    t.match(temporary.rac.account.securityLevels, [{ name: 'Group-Identity-Credential-Type', value: 'Temporary' }])
  })
}
