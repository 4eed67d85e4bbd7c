/**
 * The npm package `soap`, from our WSDL over HTTP, against every operation of every endpoint of a root server: a stack that knows nothing of us
 * must understand the descriptions, the answers and the faults. XrML goes out raw and is taken from the raw answer, as users of it do.
 */
import t from 'tap'
import {
  labTrustRoot,
  openAccount,
  openLicense,
  openPublisher,
  publish,
  readyMachine,
  verifyLicense,
  type Account,
  type ClientContext,
} from '../../src/client/index.js'
import { ownerOf } from '../../src/client/publish.js'
import { prepareContent } from '../../src/client/prepare-content.js'
import { refreshServerState } from '../../src/cluster/server-state.js'
import { publicKeyToPkcs1 } from '../../src/crypto/keys.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { roles } from '../../src/node/roles.js'
import { serviceTypes } from '../../src/services/server/messages.js'
import { readDocuments, readOneDocument } from '../../src/xrml/document.js'
import { buildUnsignedPl, readPl } from '../../src/xrml/pl.js'
import { openScene } from './scene.js'
import { documentsIn, faultOf, rawCertificates, soapPackage, statusOf, type Answer } from './soap-package.js'

const scene = await openScene(t)
const bob = 'CONTOSO\\bob'
const service = 'CONTOSO\\rms-service'
const machine = readyMachine('bob-pc-mode2')
const trustRoots = [labTrustRoot(2)]
const context: ClientContext = { credentials: undefined, trustRoots, clock: systemClock, random: systemRandom }

const { clientFor, answered } = soapPackage(scene.url)

async function call(path: string, operation: string, request: object, user = bob): Promise<Answer> {
  return (await clientFor(path, user)).call(operation, request)
}

const raw = rawCertificates

const certifyRequest = {
  requestParams: { MachineCertificateChain: raw(machine.chain.map((document) => document.text)), Persistent: true },
}

t.test(
  'the WSDL of every address has the operations served there, and every one of them answers an empty request in SOAP',
  async (t) => {
    for (const { path, operations } of roles.root) {
      const client = await clientFor(path, service)
      for (const { name } of operations) {
        t.ok(client.methods.includes(name), `${path} describes ${name}`)
        const outcome = await client.call(name, {}).then(
          () => 'an answer',
          () => undefined,
        )
        if (outcome === undefined)
          t.match(await faultOf(client.call(name, {})), /^[\w.]+Exception: /, `${name} at ${path} refuses with a name`)
      }
    }
  },
)

/** The chain of calls that a client makes, with the real documents of each in the next. */
async function certifyBob(path: string): Promise<{ account: Account; texts: readonly string[] }> {
  const { raw: text } = await call(path, 'Certify', certifyRequest)
  const texts = documentsIn(text)
  return { account: await openAccount(readDocuments(texts.join('')), machine, trustRoots), texts }
}

t.test('bob is certified, and the answer is parsed with its version header', async (t) => {
  for (const path of [
    '/certification/certification.asmx',
    '/certification/ServerCertification.asmx',
    '/certification/MobileCertification.asmx',
  ]) {
    const { account } = await certifyBob(path)
    t.equal(account.mail, 'bob@contoso.test', path)
  }
  const { result, headers } = await call('/certification/certification.asmx', 'Certify', certifyRequest)
  t.match(result, { CertifyResult: { Quota: { Verified: true, CurrentConsumption: 5, Maximum: 10 } } })
  t.match(headers, { VersionData: { MinimumVersion: '1.0.0.0', MaximumVersion: '1.2.0.0' } })
})

t.test('Certify to AcquireLicense: bob publishes online and offline, and reads what alice published', async (t) => {
  const { account, texts: rac } = await certifyBob('/certification/certification.asmx')
  const clcAnswer = await call('/licensing/publish.asmx', 'GetClientLicensorCert', {
    RequestParams: { GetClientLicensorCertParams: [{ PersonaCerts: raw(rac) }] },
  })
  const publisher = await openPublisher(readDocuments(documentsIn(clcAnswer.raw).join('')), account, trustRoots)
  const slcChain = publisher.chain.slice(1)

  const policy = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW', 'EDIT'] }] }
  const { fields, contentKey } = prepareContent(context, {
    owner: ownerOf(account),
    server: publisher.clc.issuer,
    slcChain,
    policy,
  })
  const online = await call('/licensing/publish.asmx', 'AcquireIssuanceLicense', {
    RequestParams: { AcquireIssuanceLicenseParams: [{ UnsignedIssuanceLicense: { $xml: buildUnsignedPl(fields) } }] },
  })
  const offline = await publish(context, account, publisher, policy)
  const contents = [
    { what: 'signed online', pl: documentsIn(online.raw).slice(0, 1), key: contentKey.key },
    { what: 'signed offline', pl: offline.pl.map((document) => document.text), key: offline.contentKey.key },
    { what: "alice's", pl: [scene.pl], key: scene.contentKey },
  ]
  for (const { what, pl, key } of contents) {
    const answer = await call('/licensing/license.asmx', 'AcquireLicense', {
      RequestParams: {
        AcquireLicenseParams: [{ LicenseeCerts: raw(rac), IssuanceLicense: raw(pl), ApplicationData: {} }],
      },
    })
    const leaf = readOneDocument(pl[0] ?? '')
    const license = verifyLicense(
      readDocuments(documentsIn(answer.raw).join('')),
      { contentId: readPl(leaf).contentId },
      trustRoots,
    )
    const opened = await openLicense(license, account, new Date(), leaf)
    t.ok(Buffer.from(key).equals(opened.contentKey.key), `${what}: the license has the content key`)
  }
})

t.test('a batch gives licenses and, in their place, an exception', async (t) => {
  const { texts: rac } = await certifyBob('/certification/certification.asmx')
  const changed = scene.pl.replace('<ISSUEDTIME>2', '<ISSUEDTIME>1')
  const item = (pl: string) => ({ LicenseeCerts: raw(rac), IssuanceLicense: raw([pl]) })
  const answer = await call('/licensing/license.asmx', 'AcquireLicense', {
    RequestParams: { AcquireLicenseParams: [item(scene.pl), item(changed)] },
  })
  t.match(answer.raw, /InvalidRightsLabelSignatureException.*<batchindex>1<\/batchindex>/s)
  t.ok(documentsIn(answer.raw).length > 1)
})

t.test('prelicensing, precertification and republishing', async (t) => {
  const pre = await call('/licensing/license.asmx', 'AcquirePreLicense', {
    RequestParams: {
      AcquirePreLicenseParams: [
        {
          LicenseeIdentities: { string: ['bob@contoso.test', 'mallory@contoso.test'] },
          IssuanceLicense: raw([scene.pl]),
        },
      ],
    },
  })
  t.match(
    pre.raw,
    /<Licenses><Certificate><XrML .*<AcquirePreLicenseException .*NoRightsForRequestedPrincipalException.*<batchindex>1</s,
  )
  const certificate = await call('/certification/Precertification.asmx', 'Precertify', {
    requestParams: { PrecertifyParams: [{ UserName: 'bob@contoso.test' }] },
  })
  t.equal(readOneDocument(documentsIn(certificate.raw)[0] ?? '').kind, 'RAC')

  const pl = readPl(readOneDocument(scene.pl))
  const slcChain = await scene.alice.serverCertificate()
  const owner = pl.owner ?? t.fail('the PL names its owner')
  if (typeof owner === 'boolean') return
  const policy = { rights: [{ to: 'carol@contoso.test', rights: ['VIEW'] }] }
  const { fields } = prepareContent(context, {
    owner,
    server: pl.server,
    slcChain,
    policy,
    contentId: pl.contentId?.id,
  })
  const edited = await call(
    '/licensing/editissuancelicense.asmx',
    'EditIssuanceLicense',
    {
      RequestParams: {
        EditIssuanceLicenseParams: [
          { SignedIssuanceLicense: { $xml: scene.pl }, UnsignedIssuanceLicense: { $xml: buildUnsignedPl(fields) } },
        ],
      },
    },
    service,
  )
  t.equal(readOneDocument(documentsIn(edited.raw)[0] ?? '').kind, 'PL')
})

t.test('templates are listed and fetched', async (t) => {
  const path = '/licensing/templateDistribution.asmx'
  const { result } = await call(path, 'AcquireTemplateInformation', {})
  const { GuidHashCount, GuidHash } = result.AcquireTemplateInformationResult as {
    GuidHashCount: number
    GuidHash: readonly { Guid: string; Hash: string }[]
  }
  t.equal(GuidHashCount, GuidHash.length)
  t.ok(GuidHashCount > 0)
  const guids = GuidHash.map(({ Guid }) => Guid)
  const { result: fetched } = await call(path, 'AcquireTemplates', { guids: { string: guids } })
  const { GuidTemplate } = fetched.AcquireTemplatesResult as {
    GuidTemplate: readonly { Guid: string; Template: string }[]
  }
  t.same(
    GuidTemplate.map(({ Guid }) => Guid),
    guids,
  )
  for (const { Template } of GuidTemplate) t.equal(readOneDocument(Template).kind, 'template')
})

t.test('the server service answers on all of its addresses', async (t) => {
  for (const folder of ['certification', 'licensing']) {
    for (const name of ['server', 'ServiceLocator']) {
      const path = `/${folder}/${name}.asmx`
      const certificate = await call(path, 'GetLicensorCertificate', {})
      t.equal(readOneDocument(documentsIn(certificate.raw)[0] ?? '').kind, 'SLC', path)
      const request = { ServiceNames: { ServiceLocationRequest: serviceTypes.map((Type) => ({ Type })) } }
      const forUser = await call(path, 'FindServiceLocationsForUser', request)
      const { ServiceLocationResponse } = forUser.result.FindServiceLocationsForUserResult as {
        ServiceLocationResponse: readonly { Type: string; URL?: string }[]
      }
      t.same(
        ServiceLocationResponse.map(({ Type }) => Type),
        serviceTypes,
        path,
      )
      t.equal(
        ServiceLocationResponse.find(({ Type }) => Type === 'LicensingInternalService')?.URL,
        scene.url('/licensing'),
        path,
      )
      await call(path, 'FindServiceLocations', request)
      const info = await call(path, 'GetServerInfo', {
        requests: { ServerInfoRequest: [{ Type: 'VersionInfo' }, { Type: 'ServiceLocations' }] },
      })
      t.match(info.raw, /<VersionInfo Version="/, path)
    }
  }
})

t.test('servers call each other: sub-enrollment and group expansion', async (t) => {
  const enrolled = await call(
    '/certification/SubEnrollService.asmx',
    'SubEnroll',
    {
      oInput: {
        CertificatePublicKey: {
          aPublicKeyBytes: publicKeyToPkcs1(machine.key.publicKey),
          Guid: '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
        },
        EnrolleeInformation: {
          SKU: 'RMS 2.0',
          Version: '6.3.0.0',
          Name: 'Zürich',
          URL: 'http://licensing.contoso.test/_wmcs',
        },
      },
    },
    service,
  )
  const { LicensorCertificateChain } = enrolled.result.SubEnrollResult as {
    LicensorCertificateChain: { string: readonly string[] }
  }
  const [slc] = readDocuments(LicensorCertificateChain.string.join(''))
  t.equal(slc?.kind, 'SLC')
  const question = {
    principalName: 'bob@contoso.test',
    targetGroups: { string: ['legal@contoso.test'] },
    crossForestCallsSoFar: 0,
  }
  const member = await call('/groupexpansion/GroupExpansion.asmx', 'IsPrincipalMemberOf', question, service)
  t.equal(member.result.IsPrincipalMemberOfResult, true)
})

t.test('refusals are parsed with the name of the exception', async (t) => {
  const { texts: rac } = await certifyBob('/certification/certification.asmx')
  const mallory = await clientFor('/licensing/license.asmx', 'CONTOSO\\mallory')
  const licensing = (pl: string) => ({
    RequestParams: { AcquireLicenseParams: [{ LicenseeCerts: raw(rac), IssuanceLicense: raw([pl]) }] },
  })
  t.match(
    await faultOf(mallory.call('AcquireLicense', licensing(scene.pl.replace('<VALUE', '<VALUE ')))),
    /InvalidRightsLabelSignatureException/,
  )
  t.match(
    await faultOf(call('/certification/certification.asmx', 'Certify', certifyRequest, 'CONTOSO\\nomail')),
    /Exception: /,
  )
  t.match(await faultOf(call('/certification/Activation.asmx', 'Activate', {})), /Exception: /)
  t.match(
    await faultOf(
      call(
        '/decommission/decommission.asmx',
        'AcquireContentKey',
        { paramsSoap: { AcquireContentKeyParams: [{ IssuanceLicense: raw([scene.pl]) }] } },
        service,
      ),
    ),
    /ClusterNotDecommissionedException/,
  )
  const wrongPassword = await clientFor('/licensing/server.asmx', bob, '1.1', 'wrong')
  const refusal = wrongPassword.call('GetLicensorCertificate', {}).then(() => undefined, statusOf)
  t.equal(await refusal, 401)
})

t.test('SOAP 1.2 headers: the answer and the fault come in the version of the envelope', async (t) => {
  const client = await clientFor('/certification/certification.asmx', bob, '1.2')
  t.match(
    (await client.call('Certify', certifyRequest)).raw,
    /^<\?xml.*http:\/\/www\.w3\.org\/2003\/05\/soap-envelope/s,
  )
  t.match(await faultOf(client.call('Certify', {})), /ArgumentNullException/)
})

t.test('a decommissioned cluster hands out the content key, and nothing else', async (t) => {
  const { context: node, cluster } = scene.node
  await node.store.clusters.saveConfiguration(cluster, { ...node.state().configuration, serverDecommissioned: true })
  node.setState(await refreshServerState(node.store, node.state()))
  const { result } = await call(
    '/decommission/decommission.asmx',
    'AcquireContentKey',
    { paramsSoap: { AcquireContentKeyParams: [{ IssuanceLicense: raw([scene.pl]) }] } },
    service,
  )
  const key = result.AcquireContentKeyResult as {
    AcquireContentKeyResponse: readonly { ContentKey: string; ContentKeyType: string }[]
  }
  t.same(key.AcquireContentKeyResponse[0], { ContentKey: scene.contentKey.toString('base64'), ContentKeyType: 'AES' })
  t.match(
    await faultOf(call('/certification/certification.asmx', 'Certify', certifyRequest)),
    /ClusterDecommissionedException/,
  )
})

t.test('every operation of every address has given an answer; Activate only ever refuses', async (t) => {
  const all = roles.root.flatMap(({ path, operations }) => operations.map(({ name }) => `${path} ${name}`))
  t.same(
    all.filter((one) => !answered.has(one)),
    ['/certification/Activation.asmx Activate'],
  )
})
