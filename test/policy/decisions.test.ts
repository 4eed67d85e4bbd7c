/** The small decisions: how long a certificate holds, which security processor is too old, what fits a cryptographic mode. */
import t from 'tap'
import { modes } from '../../src/crypto/modes.js'
import { unsupportedSet } from '../../src/policy/crypto-set.js'
import { isSecurityProcessorExcluded } from '../../src/policy/exclusion.js'
import { credentialType, racValidity } from '../../src/policy/validity.js'
import { labMachine } from '../../src/xrml/lab-hierarchy.js'
import { fc } from '../fixtures/property.js'

const settings = {
  racValidityTimeSeconds: 365 * 86_400,
  tempRacValidityTimeSeconds: 900,
  certificateValidityTimeToleranceSeconds: 86_400,
}

t.test('Persistent asks for the normal certificate, unless a setting turns it round', async (t) => {
  t.same(
    [
      credentialType(true, false),
      credentialType(false, false),
      credentialType(true, true),
      credentialType(false, true),
    ],
    ['Persistent', 'Temporary', 'Temporary', 'Persistent'],
  )
})

t.test(
  'a certificate holds from a day before its issue, for a year or a quarter of an hour, to the minute',
  async (t) => {
    const issued = new Date('2026-03-01T12:34:56Z')
    t.same(racValidity(settings, 'Persistent', issued), {
      from: new Date('2026-02-28T12:34Z'),
      until: new Date('2027-03-01T12:34Z'),
    })
    t.same(racValidity(settings, 'Temporary', issued), {
      from: new Date('2026-02-28T12:34Z'),
      until: new Date('2026-03-01T12:49Z'),
    })
  },
)

t.test('a certificate is valid at the moment of its issue', async () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
      fc.constantFrom('Persistent' as const, 'Temporary' as const),
      (issued, type) => {
        const { from, until } = racValidity(settings, type, issued)
        return from <= issued && issued < until
      },
    ),
  )
})

t.test('a security processor is excluded when it is below the minimum, or states no version', async (t) => {
  t.notOk(isSecurityProcessorExcluded(undefined, null))
  t.notOk(isSecurityProcessorExcluded('0.0.0.1', null))
  t.ok(isSecurityProcessorExcluded(undefined, '1.0.0.0'))
  t.ok(isSecurityProcessorExcluded('1.9.0.0', '1.10.0.0'))
  t.notOk(isSecurityProcessorExcluded('1.10.0.0', '1.9.0.0'))
  t.ok(isSecurityProcessorExcluded('6.0.9.9', '6.1'))
  t.notOk(isSecurityProcessorExcluded('6.1.0.0', '6.1'))
})

t.test('of two versions at most one excludes the other', async () => {
  const version = fc
    .array(fc.integer({ min: 0, max: 12 }), { minLength: 4, maxLength: 4 })
    .map((parts) => parts.join('.'))
  fc.assert(
    fc.property(version, version, (a, b) => !(isSecurityProcessorExcluded(a, b) && isSecurityProcessorExcluded(b, a))),
  )
  fc.assert(fc.property(version, (a) => !isSecurityProcessorExcluded(a, a)))
})

t.test('a chain fits its own mode and no other, and the reason names what does not fit', async (t) => {
  for (const mode of [1, 2] as const) {
    const { chain } = labMachine(`alice-pc-mode${mode}`)
    t.equal(unsupportedSet(chain, modes[mode]), undefined)
    t.match(unsupportedSet(chain, modes[mode === 1 ? 2 : 1]), /the SPC is signed with SHA\d+, Mode \d needs SHA\d+/)
  }
})

t.test('the key length counts as well as the hash, at the leaf and above', async (t) => {
  const { chain } = labMachine('alice-pc-mode2')
  const resized = (index: number, bits: number) =>
    chain.map((document, position) => {
      const { issuedPrincipal } = document.body
      if (position !== index || issuedPrincipal?.publicKey === undefined) return document
      return {
        ...document,
        body: {
          ...document.body,
          issuedPrincipal: { ...issuedPrincipal, publicKey: { ...issuedPrincipal.publicKey, bits } },
        },
      }
    })
  t.equal(unsupportedSet(resized(0, 2048), modes[2]), undefined)
  t.match(unsupportedSet(resized(0, 1024), modes[2]), /key of the SPC has 1024 bits/)
  t.match(unsupportedSet(resized(2, 1024), modes[2]), /has 1024 bits, Mode 2 needs 2048/)
  const old = labMachine('alice-pc-mode1').chain
  t.ok(
    old.some(({ body }) => body.issuedPrincipal?.publicKey?.bits === 2048),
    'keys above may be RSA-2048 in Mode 1',
  )
})
