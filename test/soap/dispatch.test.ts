import t from 'tap'
import { licensingNamespace, licensingService } from '../../src/services/licensing/messages.js'
import { findOperation, requestedAction } from '../../src/soap/dispatch.js'
import { readEnvelope, writeEnvelope } from '../../src/soap/envelope.js'
import type { SoapMessage } from '../../src/soap/envelope.js'
import { element } from '../../src/xml/write.js'

const request = (name: string, xmlns: string): SoapMessage =>
  readEnvelope(writeEnvelope('1.1', undefined, element(name, { xmlns })))

t.test('the element in the Body decides, with or without an action', async (t) => {
  const message = request('AcquirePreLicense', licensingNamespace)
  for (const action of [undefined, `${licensingNamespace}/AcquirePreLicense`]) {
    t.equal(findOperation(licensingService, message, action).name, 'AcquirePreLicense')
  }
})

t.test('an action for something else, or for nothing, is refused', async (t) => {
  const message = request('AcquireLicense', licensingNamespace)
  for (const action of [
    '',
    `${licensingNamespace}/AcquirePreLicense`,
    `${licensingNamespace}#AcquireLicense`,
    'x'.repeat(100_000),
  ]) {
    t.throws(
      () => findOperation(licensingService, message, action),
      /did not recognize the value of HTTP Header SOAPAction/,
    )
  }
})

t.test('an unknown element is refused with what there is', async (t) => {
  const unknown = [
    ['Certify', licensingNamespace],
    ['AcquireLicense', `${licensingNamespace}/`],
    ['acquirelicense', licensingNamespace],
  ] as const
  for (const [name, namespace] of unknown) {
    t.throws(() => findOperation(licensingService, request(name, namespace)), {
      name: 'SoapProblem',
      code: 'Client',
      message: /^License has no operation .* It has AcquireLicense, AcquirePreLicense in namespace/,
    })
  }
})

t.test('the action is found in the header of the SOAP version, quoted or not', async (t) => {
  t.equal(requestedAction({ soapaction: '"urn:a"' }), 'urn:a')
  t.equal(requestedAction({ soapaction: 'urn:a' }), 'urn:a')
  t.equal(requestedAction({ soapaction: '""' }), '')
  t.equal(
    requestedAction({ 'content-type': 'application/soap+xml; charset=utf-8; action="urn:a"', soapaction: '""' }),
    'urn:a',
  )
  t.equal(requestedAction({ 'content-type': 'application/soap+xml;action=urn:a' }), 'urn:a')
  t.equal(requestedAction({ 'content-type': 'application/soap+xml' }), undefined)
  t.equal(
    requestedAction({ 'content-type': 'application/soap+xml', soapaction: '""' }),
    undefined,
    'SOAP 1.2 does not know SOAPAction',
  )
  t.equal(requestedAction({ 'content-type': 'application/soap+xml; action=""' }), undefined)
  t.equal(
    requestedAction({ 'content-type': 'text/xml; action="urn:a"' }),
    undefined,
    'SOAP 1.1 does not know the parameter',
  )
  t.equal(requestedAction({ 'content-type': 'text/xml', soapaction: '' }), '', 'present and empty')
})
