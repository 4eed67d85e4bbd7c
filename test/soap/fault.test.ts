import t from 'tap'
import { exceptions, RmsException } from '../../src/exceptions.js'
import type { ExceptionKey } from '../../src/exceptions.js'
import { readEnvelope } from '../../src/soap/envelope.js'
import { exceptionNames, faultStatus, readFault, writeFault } from '../../src/soap/fault.js'
import { SoapProblem } from '../../src/soap/soap-problem.js'
import { fc } from '../fixtures/property.js'

const keys = Object.keys(exceptions) as ExceptionKey[]

t.test('an RMS exception over SOAP 1.1', async (t) => {
  const refusal = new RmsException('MalformedDataVersion', 'secret reason')
  const answer = writeFault('1.1', refusal)
  t.match(
    answer,
    '<soap:Body><soap:Fault><faultcode>soap:Server</faultcode>' +
      `<faultstring>${refusal.faultString}</faultstring><detail /></soap:Fault></soap:Body>`,
  )
  t.equal(faultStatus(refusal), 500)
  t.notMatch(answer, /VersionData|soap:Header/, 'no header')
  t.notMatch(answer, /secret reason/, 'the reason stays in the log')
})

t.test('an RMS exception over SOAP 1.2', async (t) => {
  const refusal = new RmsException('UnsupportedDataVersion', '')
  t.match(
    writeFault('1.2', refusal),
    '<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason>' +
      `<soap:Text xml:lang="en">${refusal.faultString}</soap:Text></soap:Reason><soap:Detail /></soap:Fault>`,
  )
})

t.test('problems of SOAP itself have the code and status of their version', async (t) => {
  const cases = [
    ['Client', '1.1', 'Client', 500],
    ['Client', '1.2', 'Sender', 400],
    ['MustUnderstand', '1.1', 'MustUnderstand', 500],
    ['MustUnderstand', '1.2', 'MustUnderstand', 500],
    ['VersionMismatch', '1.1', 'VersionMismatch', 500],
    ['VersionMismatch', '1.2', 'VersionMismatch', 500],
  ] as const
  for (const [code, version, written, status] of cases) {
    const problem = new SoapProblem(code, 'Text.', version)
    t.equal(readFault(readEnvelope(writeFault(version, problem)).body)?.code, written)
    t.equal(faultStatus(problem), status)
  }
  t.equal(faultStatus(new SoapProblem('Client', 'Not XML.', '1.1', { status: 400 })), 400)
})

t.test('every exception can be recognized by the client, in both versions', async (t) => {
  for (const key of keys) {
    for (const version of ['1.1', '1.2'] as const) {
      const fault = readFault(readEnvelope(writeFault(version, new RmsException(key, ''))).body)
      t.same(fault?.exceptionNames, [exceptions[key].name], `${key}, SOAP ${version}`)
    }
  }
})

t.test('any text survives being written and read', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom('1.1' as const, '1.2' as const),
      fc.string({ unit: 'grapheme' }),
      (version, message) => {
        // Control characters cannot be written in XML 1.0
        const expected = message
          .split('')
          .filter((each) => each >= ' ' || each === '\n' || each === '\t')
          .join('')
        return (
          readFault(readEnvelope(writeFault(version, new SoapProblem('Client', message, version))).body)?.text ===
          expected
        )
      },
    ),
  )
})

t.test('the names in a faultstring', async (t) => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['A.B.CException', ['A.B.CException']],
    ['A.B.CException: text', ['A.B.CException']],
    ['A.B.CException - text', ['A.B.CException']],
    ['A.B.CException text', ['A.B.CException']],
    [
      'A.OuterException: text ---> B.InnerException: more --->  C.LastException',
      ['A.OuterException', 'B.InnerException', 'C.LastException'],
    ],
    ['A.SoapException: Server was unable to process request. ---> X.Y: z', ['A.SoapException', 'X.Y']],
    ['Ä.Übermaß_1: text', ['Ä.Übermaß_1']],
    ['OutOfMemoryException', ['OutOfMemoryException']],
    ['Server was unable to process request.', []],
    ['A..B: text', []],
    ['.A.B: text', []],
    ['A.B!: text', []],
    ['', []],
    ['--->', []],
  ]
  for (const [faultString, expected] of cases)
    t.same(exceptionNames(faultString), expected, JSON.stringify(faultString))
  t.same(exceptionNames(`${'a.'.repeat(50_000)}!`), [], 'a long text is no trap')
})

t.test('an element that is no fault is not read as one', async (t) => {
  const { body } = readEnvelope(
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Fault xmlns="urn:x"/></s:Body></s:Envelope>',
  )
  t.equal(readFault(body), undefined)
})
