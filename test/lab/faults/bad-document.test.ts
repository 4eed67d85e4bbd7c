/** Documents that a server issues badly on purpose: the explainer names exactly that fault in each, in both modes. */
import t from 'tap'
import { callSoap } from '../../../src/client/soap-caller.js'
import { unseal } from '../../../src/crypto/seal.js'
import { createSigner } from '../../../src/crypto/signer.js'
import { seedPassword } from '../../../src/directory/seed.js'
import type { OperationName } from '../../../src/exceptions.js'
import { explain } from '../../../src/explain/explain.js'
import type { Explanation } from '../../../src/explain/explanation.js'
import { issuingBadly } from '../../../src/lab/faults/bad-document.js'
import { documentFaults, operationsWith } from '../../../src/lab/faults/document-fault.js'
import { certificationNamespace } from '../../../src/services/certification/messages.js'
import { licensingNamespace } from '../../../src/services/licensing/messages.js'
import { publishingNamespace } from '../../../src/services/publishing/messages.js'
import { xmlNode, xmlNodes } from '../../../src/soap/xml-node.js'
import { outerText } from '../../../src/xml/read.js'
import { element, text, type Markup } from '../../../src/xml/write.js'
import { checkChain } from '../../../src/xrml/chain.js'
import { readDocuments, readOneDocument } from '../../../src/xrml/document.js'
import { labTrustRoot } from '../../../src/xrml/lab-hierarchy.js'
import { readUl } from '../../../src/xrml/ul.js'
import { documentsOf } from '../../fixtures/documents.js'
import { explainedAs } from '../../fixtures/fault-sightings.js'
import { startSite } from '../../fixtures/sites.js'

interface Request {
  readonly path: string
  readonly namespace: string
  readonly body: Markup
}

for (const mode of [1, 2] as const) {
  t.test(`mode ${mode}`, async (t) => {
    const site = await startSite(mode, 'root')
    t.teardown(() => site.node.close())
    const { context } = site.node
    const documents = documentsOf(site, { accountKeys: new Map(), contentKeys: [] })
    const bob = await documents.account('bob', { machine: 'bob' })
    const unsigned = await documents.unsigned({ author: 'bob' })
    const published = await documents.publishedOnline({ to: 'bob:VIEW' })

    const requests: Readonly<Partial<Record<OperationName, Request>>> = {
      Certify: {
        path: '/certification/certification.asmx',
        namespace: certificationNamespace,
        body: element(
          'requestParams',
          {},
          xmlNodes('MachineCertificateChain', documents.spc('bob')),
          element('Persistent', {}, text('true')),
        ),
      },
      GetClientLicensorCert: {
        path: '/licensing/publish.asmx',
        namespace: publishingNamespace,
        body: element(
          'RequestParams',
          {},
          element('GetClientLicensorCertParams', {}, xmlNodes('PersonaCerts', bob.rac)),
        ),
      },
      AcquireIssuanceLicense: {
        path: '/licensing/publish.asmx',
        namespace: publishingNamespace,
        body: element(
          'RequestParams',
          {},
          element(
            'AcquireIssuanceLicenseParams',
            {},
            element('UnsignedIssuanceLicense', {}, xmlNode(unsigned[0] ?? '')),
          ),
        ),
      },
      AcquireLicense: {
        path: '/licensing/license.asmx',
        namespace: licensingNamespace,
        body: element(
          'RequestParams',
          {},
          element(
            'AcquireLicenseParams',
            {},
            xmlNodes('LicenseeCerts', bob.rac),
            xmlNodes('IssuanceLicense', published.slice(0, 1)),
          ),
        ),
      },
    }

    const send = async (operation: OperationName): Promise<string> => {
      const request = requests[operation] ?? t.fail(`there is no request of ${operation}`)
      if (typeof request === 'boolean') return ''
      const answer = await callSoap({
        url: `${site.node.baseUrl}${request.path}`,
        namespace: request.namespace,
        operation,
        body: element(operation, { xmlns: request.namespace }, request.body),
        credentials: { user: 'CONTOSO\\bob', password: seedPassword },
      })
      return (outerText(answer).match(/<XrML .*?<\/XrML>/gs) ?? []).join('')
    }
    const explained = (chain: string): Explanation =>
      explain(Buffer.from(chain), { trustRoots: [labTrustRoot(mode)], now: context.clock.now() })

    for (const operation of Object.keys(requests) as readonly OperationName[]) {
      t.test(operation, async (t) => {
        const good = await send(operation)
        t.equal(explained(good).firstProblem, undefined, 'is good as it is')
        for (const fault of documentFaults.filter((name) => operationsWith(name).includes(operation))) {
          const { rules, own } = site.state
          const workshop = { rules, keyPairs: context.keyPairs, now: context.clock.now() }
          context.setState({ ...site.state, issuing: await issuingBadly(fault, own, workshop) })
          const bad = await send(operation)
          context.setState(site.state)
          const { firstProblem, documents: judged } = explained(bad)
          const expected = explainedAs[fault]
          if (expected === undefined) t.equal(firstProblem, undefined, fault)
          else t.match(firstProblem, expected, fault)
          const wrong = judged.flatMap((document) => (problemsOf(document) === 0 ? [] : [problemsOf(document)]))
          t.same(
            wrong,
            firstProblem === undefined || firstProblem.check === 'trust' ? [] : [1],
            'and that alone is wrong',
          )
        }
      })
    }

    t.test('a key that is sealed to another account cannot be opened by its own', async (t) => {
      const opener = createSigner('openssl', bob.key)
      const opened = async (chain: string): Promise<boolean> => {
        const { enablingBits } = readUl(readDocuments(chain)[0] ?? readOneDocument(''))
        return unseal(opener, enablingBits.type, enablingBits.bytes).then(
          () => true,
          () => false,
        )
      }
      t.ok(await opened(await send('AcquireLicense')))
      const { rules, own } = site.state
      const issuing = await issuingBadly('other-account', own, { rules, keyPairs: context.keyPairs, now: new Date(0) })
      context.setState({ ...site.state, issuing })
      const bad = await send('AcquireLicense')
      t.notOk(await opened(bad))
      t.ok(checkChain(readDocuments(bad)).ok, 'and nothing else is wrong with it')
      context.setState({
        ...site.state,
        issuing: await issuingBadly('other-root', own, { rules, keyPairs: context.keyPairs, now: new Date(0) }),
      })
      t.ok(await opened(await send('AcquireLicense')), 'with another root above, it is sealed as it should be')
      context.setState(site.state)
    })
  })
}

/** Checks of a document that say no. */
function problemsOf(document: Explanation['documents'][number]): number {
  const { form, digest, signature, link, validity, rights } = document
  return [form, digest, signature, link, validity, rights].filter(({ ok }) => ok === false).length
}
