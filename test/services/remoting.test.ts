/** The binary form of group expansion: the two messages that the specification prints, byte for byte, and what is no message ([MS-RMPRS] 4.3). */
import { createHash } from 'node:crypto'
import t from 'tap'
import { remotingVersions } from '../../src/services/group-expansion/remoting-names.js'
import { MalformedRemoting, readAnswer, readQuestion } from '../../src/services/group-expansion/remoting-reader.js'
import { writeQuestion } from '../../src/services/group-expansion/remoting-request.js'
import { writeAnswer, writeException } from '../../src/services/group-expansion/remoting-response.js'
import { fc } from '../fixtures/property.js'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const printed = {
  principal: 'user1@contoso.com',
  groups: ['group1_1@contoso.com', 'group2@contoso.com'],
  callsSoFar: 1,
}
const known = {
  identifiers: ['id=s-1-5-21-878380243-1958209386-896679168-1340', 'mail=user1@contoso.com'],
  containers: ['5b98d9f16720f3489899d8893795f3ae', 'f2a0f0483745cb4ca23a4adcbd62f215'],
  objectGuid: '2992e4f5beebdd4bb10d827587aa775f',
  exists: true,
}

t.test('question and answer of the example are those bytes', async (t) => {
  const question = writeQuestion(printed, '5.2.3790.300')
  t.equal(question.length, 413)
  t.equal(sha256(question), '0fe442dd97815400fc5e389a4da1e3e79c53a08aedb482d651e2b5eb45e3a560')
  const answer = writeAnswer(true, known, '5.2.3790.300')
  t.equal(answer.length, 1985)
  t.equal(sha256(answer), '123ed08c662f160489608d6a497c63e77f0a4a596b00886d718738829d212ae1')
  t.match(readQuestion(question), {
    principal: 'mail=user1@contoso.com',
    groups: ['mail=group1_1@contoso.com', 'mail=group2@contoso.com'],
    callsSoFar: 1,
    version: '5.2.3790.300',
  })
  t.equal(readAnswer(answer, '5.2.3790.300'), true)
})

const address = fc.string({ unit: 'binary', maxLength: 300 })
const questions = fc.record({ principal: address, groups: fc.array(address, { maxLength: 20 }), callsSoFar: fc.nat() })
const versions = fc.constantFrom(...remotingVersions)

t.test('what is written is read again', async () => {
  fc.assert(
    fc.property(questions, versions, (question, version) => {
      const read = readQuestion(writeQuestion(question, version))
      const prefixed = {
        principal: `mail=${question.principal}`,
        groups: question.groups.map((group) => `mail=${group}`),
        callsSoFar: question.callsSoFar,
        version,
      }
      return JSON.stringify(read) === JSON.stringify(prefixed)
    }),
  )
  const people = fc.record({
    identifiers: fc.array(address, { maxLength: 5 }),
    containers: fc.array(address, { maxLength: 600 }),
    objectGuid: fc.option(address),
    exists: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.boolean(),
      people,
      versions,
      (isMember, person, version) => readAnswer(writeAnswer(isMember, person, version), version) === isMember,
    ),
  )
})

t.test('an exception, an answer of another version: neither is yes nor no', async (t) => {
  t.throws(() => readAnswer(writeException('too many'), '5.2.3790.300'), {
    name: 'MalformedRemoting',
    message: /exception/,
  })
  t.throws(() => readAnswer(writeAnswer(true, known, '1.0.3246.0'), '5.2.3790.300'), {
    name: 'MalformedRemoting',
    message: /another version/,
  })
})

/** Never anything but a message or that error. */
function isReadOrRefused(read: () => unknown): boolean {
  try {
    read()
  } catch (error) {
    return error instanceof MalformedRemoting
  }
  return true
}

t.test('whatever else comes is refused with the place, and nothing else happens', async (t) => {
  const question = writeQuestion(printed, '5.2.3790.300')
  for (let length = 0; length < question.length; length++)
    t.throws(() => readQuestion(question.subarray(0, length)), { name: 'MalformedRemoting' }, `${length} bytes`)
  const changed = (offset: number, ...values: readonly number[]): Buffer => {
    const bytes = Buffer.from(question)
    for (const [at, value] of values.entries()) bytes[offset + at] = value
    return bytes
  }
  t.throws(() => readQuestion(changed(22, 0x12, 0x13, 0x4a)), /the method is "JsPrincipalMemberOf"/)
  t.throws(() => readQuestion(changed(23, 0xff, 0xff, 0xff, 0xff, 0xff)), /more than 5 bytes/)
  t.throws(() => readQuestion(changed(23, 0xff, 0xff, 0xff, 0xff, 0x07)), /at most 4096/)
  t.throws(() => readQuestion(changed(0x15c, 0xff, 0xff, 0xff, 0x7f)), /groups, at most/)
  t.throws(() => readQuestion(changed(0x152, 0xff, 0xff, 0xff, 0xff)), /number of calls is -1/)
  fc.assert(
    fc.property(fc.nat({ max: question.length - 1 }), fc.uint8Array({ maxLength: 8 }), (offset, values) => {
      const bytes = changed(offset, ...values).subarray(0, question.length)
      return isReadOrRefused(() => readQuestion(bytes)) && isReadOrRefused(() => readAnswer(bytes, '5.2.3790.300'))
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => isReadOrRefused(() => readQuestion(Buffer.from(bytes)))),
  )
})
