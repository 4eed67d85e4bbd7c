/** Ways to a content key that somebody without rights has tried: each is closed, and stays closed. */
import t, { type Test } from 'tap'
import { connect, SoapFault, type RmsClient } from '../../src/client/index.js'
import { modes } from '../../src/crypto/modes.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { asMarkup, element, type Markup } from '../../src/xml/write.js'
import { buildClientPl, buildUnsignedPl, readPl, type PlFields } from '../../src/xrml/pl.js'
import { callSoap } from '../../src/client/soap-caller.js'
import { xmlNode } from '../../src/soap/xml-node.js'

const rules = modes[2]
const credentials = (user: string) => ({ user: `${user}@contoso.test`, password: 'Passw0rd!' })

interface Theft {
  readonly node: RunningNode
  readonly mallory: RmsClient
  /** The victim's sealed key and policy in a license of mallory's own. */
  readonly fields: PlFields
}

async function theft(t: Test): Promise<Theft> {
  const node = await startNode()
  t.teardown(() => node.close())
  const client = (user: string): RmsClient => connect({ url: node.baseUrl, ...credentials(user) })
  const [alice, mallory] = [client('alice'), client('mallory')]
  const secret = await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
  const pl = readPl(secret.pl[0] as NonNullable<(typeof secret.pl)[0]>)
  const { type, bytes } = pl.enablingBits
  const metadata =
    '<METADATA><OWNER><OBJECT><ID type="Windows" /><NAME>mallory@contoso.test</NAME></OBJECT></OWNER></METADATA>'
  const fields: PlFields = {
    issuedTime: node.context.clock.now(),
    licensingUrl: pl.licensingUrl,
    server: pl.server,
    enablingBits: { type: type === 'sealed-key' ? type : 'sealed-key-v2', bytes },
    work: [asMarkup(pl.verbatim.contentObject), asMarkup(metadata)],
    encryptedRightsData: pl.encryptedRightsData,
  }
  return { node, mallory, fields }
}

async function signedByMallory({ mallory, fields }: Theft): Promise<string> {
  const { publisher } = await mallory.bootstrap()
  return (
    (await buildClientPl(fields, publisher.clc.account, '6.1.7600.16385', publisher.signer, rules)) +
    publisher.clc.document.text
  )
}

/** Sends the unsigned license as it is, not as a client would make it. */
function signOnline({ node }: Theft, unsigned: string): Promise<unknown> {
  const namespace = 'http://microsoft.com/DRM/PublishingService'
  const holder = element('UnsignedIssuanceLicense', {}, xmlNode(unsigned))
  const body = element(
    'AcquireIssuanceLicense',
    { xmlns: namespace },
    element('RequestParams', {}, element('AcquireIssuanceLicenseParams', {}, holder)),
  )
  return callSoap({
    url: `${node.baseUrl}/licensing/publish.asmx`,
    namespace,
    operation: 'AcquireIssuanceLicense',
    body,
    credentials: credentials('mallory'),
  })
}

/** A fault of the server, by the end of its exception's name. */
async function requireRefusal(t: Test, attempt: Promise<unknown>, name: string, what?: string): Promise<void> {
  const error: unknown = await attempt.catch((thrown: unknown) => thrown)
  t.ok(error instanceof SoapFault && error.exceptionName?.endsWith(name) === true, what ?? name)
}

t.test('a stolen sealed key and policy in a license of one’s own, with oneself as author, opens nothing', async (t) => {
  const stolen = await theft(t)
  await requireRefusal(
    t,
    stolen.mallory.acquireLicense(await signedByMallory(stolen)),
    'NoRightsForRequestedPrincipalException',
  )
})

t.test('the server encrypts no text of the caller’s choice under a key that the caller need not know', async (t) => {
  const stolen = await theft(t)
  const forged = '<XrML version="1.2" xmlns=""><BODY type="Microsoft Rights Template" version="3.0"></BODY></XrML>'
  const policy = (filename: string): string =>
    `<POLICY><OBJECT><ID type="filename">${filename}</ID><VERSIONSPAN min="1.0.0.0" max="2.0.0.0" /></OBJECT></POLICY>`
  const lists = [
    `<POLICYLIST type="exclusion">${forged}<Z></Z></POLICYLIST>`,
    `<POLICYLIST type="exclusion">${policy('&lt;XrML&gt;')}</POLICYLIST>`,
    `<POLICYLIST type="exclusion" x="${'y'.repeat(64)}">${policy('app.exe')}<!-- ${'z'.repeat(64)} --></POLICYLIST>`,
    '<POLICYLIST type="neither" />',
  ]
  const attempt = (list: string): Promise<unknown> =>
    signOnline(stolen, buildUnsignedPl({ ...stolen.fields, rest: [asMarkup(list)] }))
  for (const list of [lists[0], lists[1], lists[3]])
    await requireRefusal(t, attempt(list ?? ''), 'UnspecifiedErrorException', list)
  await t.resolves(attempt(lists[2] ?? ''), 'file names and versions are taken, and written anew')
})

t.test('names with a namespace prefix are refused: copied into a license they would be bound to nothing', async (t) => {
  const stolen = await theft(t)
  const prefixed: Markup = asMarkup('<METADATA><p:OWNER xmlns:p="urn:x" /></METADATA>')
  const [object] = stolen.fields.work
  const license = await signedByMallory({ ...stolen, fields: { ...stolen.fields, work: [object, prefixed] } })
  await requireRefusal(t, stolen.mallory.acquireLicense(license), 'InvalidRightsLabelSignatureException')
})

t.test('what would be copied into every license of a batch is bounded', async (t) => {
  const stolen = await theft(t)
  const { publisher } = await stolen.mallory.bootstrap()
  const mine = await stolen.mallory.publish({ rights: [{ to: 'mallory@contoso.test', rights: ['VIEW'] }] })
  const pl = readPl(mine.pl[0] as NonNullable<(typeof mine.pl)[0]>)
  const huge = asMarkup(`<METADATA>${'<X />'.repeat(20_000)}</METADATA>`)
  const fields: PlFields = {
    ...stolen.fields,
    enablingBits: { type: 'sealed-key-v2', bytes: pl.enablingBits.bytes },
    encryptedRightsData: pl.encryptedRightsData,
  }
  const license =
    (await buildClientPl(
      { ...fields, work: [asMarkup(pl.verbatim.contentObject), huge] },
      publisher.clc.account,
      '1.0.0.0',
      publisher.signer,
      rules,
    )) + publisher.clc.document.text
  await requireRefusal(t, stolen.mallory.acquireLicense(license), 'UnspecifiedErrorException')
})
