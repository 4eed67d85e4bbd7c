/** Who gets which rights: the pure decision, by example and by property. */
import t from 'tap'
import { agreedOwner, decideRights, identityOf, type Policy } from '../../src/policy/rights.js'
import type { RmsObject } from '../../src/xrml/body.js'
import { anyonePrincipal, mailPrincipal, ownerPrincipal, type Grant } from '../../src/xrml/rights.js'
import { addSeconds, beginningAt, secondsPerDay } from '../../src/xrml/times.js'
import { fc } from '../fixtures/property.js'

const issued = new Date('2026-01-01T00:00:00Z')
const days = (count: number): Date => addSeconds(issued, count * secondsPerDay)
const nobody: RmsObject = { type: '', idType: '', id: '', name: 'author@contoso.test', addresses: [], source: '' }
const bob = identityOf(
  { sids: ['S-1-5-21-1-2-3-1105'], mails: ['Bob@contoso.test', 'b@contoso.test', ''] },
  { sids: ['S-1-5-21-1-2-3-1201'], mails: ['legal@contoso.test', ''] },
)
const grant = (right: string, principal = mailPrincipal('bob@contoso.test'), more: Partial<Grant> = {}): Grant => ({
  right,
  principal,
  ...more,
})
const policy = (grants: readonly Grant[], more: Partial<Policy> = {}): Policy => ({
  grants,
  precondition: {},
  owner: nobody,
  issuedTime: issued,
  ...more,
})
const decide = (given: Policy, { superUser = false, now = days(5) } = {}) =>
  decideRights(given, bob, { superUser, now })
const names = (given: Policy, more?: { superUser?: boolean; now?: Date }): readonly string[] =>
  decide(given, more).map(({ right }) => right)

t.test('a right is given by address, alias, group address, SID, group SID, and to anyone', async (t) => {
  const sid = (id: string) => ({ idType: 'Windows', id, name: undefined })
  const principals = [
    mailPrincipal('BOB@CONTOSO.TEST'),
    mailPrincipal('b@contoso.test'),
    mailPrincipal('legal@contoso.test'),
    sid('S-1-5-21-1-2-3-1105'),
    sid('s-1-5-21-1-2-3-1201'),
    anyonePrincipal,
    { ...anyonePrincipal, id: 'Anyone' },
  ]
  for (const principal of principals)
    t.same(names(policy([grant('VIEW', principal)])), ['VIEW'], JSON.stringify(principal))
})

t.test('nobody else gets one: other addresses, other SIDs, empty names, the internal owner', async (t) => {
  const others = [
    mailPrincipal('mallory@contoso.test'),
    mailPrincipal(''),
    mailPrincipal('bob@contoso.test.example'),
    { idType: 'Windows', id: 'S-1-5-21-1-2-3-11', name: undefined },
    { idType: 'Windows', id: '', name: undefined },
    // A name beside an ID does not count: the ID is who is meant.
    { idType: 'Windows', id: 'S-1-5-21-9-9-9-9', name: 'bob@contoso.test' },
    ownerPrincipal,
    { idType: 'Internal', id: '', name: 'bob@contoso.test' },
  ]
  for (const principal of others) t.same(names(policy([grant('VIEW', principal)])), [], JSON.stringify(principal))
})

t.test('the author and a super user get OWNER alone, whatever the policy says, also after its end', async (t) => {
  const given = policy([grant('VIEW'), grant('EDIT')], { precondition: { days: 1 } })
  const own: RmsObject = { ...nobody, name: ' BOB@contoso.test ' }
  t.same(decide({ ...given, owner: own }, { now: days(500) }), [{ right: 'OWNER' }])
  t.same(decide({ ...given, owner: { ...nobody, id: 'S-1-5-21-1-2-3-1105' } }), [{ right: 'OWNER' }])
  t.same(decide(given, { superUser: true, now: days(500) }), [{ right: 'OWNER' }])
})

t.test('a group is nobody’s owner, and neither is an owner without a name', async (t) => {
  for (const name of ['legal@contoso.test', '', undefined])
    t.same(decide(policy([], { owner: { ...nobody, name } })), [])
  t.same(decide(policy([], { owner: { ...nobody, name: '', id: 'S-1-5-21-1-2-3-1201' } })), [])
  t.same(decide(policy([], { owner: undefined })), [])
})

t.test('an author counts when clear text and policy name the same; a template names none', async (t) => {
  const other: RmsObject = { ...nobody, name: 'mallory@contoso.test' }
  t.equal(agreedOwner(nobody, undefined), nobody)
  const spelled = { ...nobody, name: ' AUTHOR@contoso.test ' }
  t.equal(agreedOwner(nobody, spelled), spelled)
  t.equal(agreedOwner(other, nobody), undefined)
  t.equal(agreedOwner(undefined, nobody), nobody, 'the policy is the side that nobody can change')
  t.equal(agreedOwner({ ...nobody, id: 'S-1-5-21-1-2-3-1105' }, nobody), undefined, 'a SID beside the right name')
})

t.test('content that has ended, or not begun, gives nothing; until then its end bounds every right', async (t) => {
  const ends = policy([grant('VIEW'), grant('EDIT', undefined, { range: { from: days(2), until: days(4) } })], {
    precondition: { days: 10 },
  })
  t.same(decide(ends, { now: days(3) }), [
    { right: 'VIEW', days: undefined, range: { from: beginningAt(issued), until: days(10) } },
    { right: 'EDIT', days: undefined, range: { from: days(2), until: days(4) } },
  ])
  t.same(names(ends, { now: addSeconds(days(10), -1) }), ['VIEW'])
  t.same(names(ends, { now: days(10) }), [])
  t.same(
    names(policy([grant('VIEW')], { precondition: { range: { from: days(1), until: days(9) } } }), { now: issued }),
    [],
  )
  const both = policy([grant('VIEW')], { precondition: { days: 30, range: { from: issued, until: days(9) } } })
  t.same(decide(both)[0]?.range, { from: issued, until: days(9) })
})

t.test('a beginning counts five minutes earlier than it says, an end never later', async (t) => {
  const bounds = { range: { from: days(5), until: days(6) } }
  const early = addSeconds(days(5), -300)
  const content = policy([grant('VIEW')], { precondition: bounds })
  t.same(names(content, { now: early }), ['VIEW'])
  t.same(names(content, { now: addSeconds(early, -1) }), [])
  t.same(names(content, { now: days(6) }), [])
  const later = { range: { from: days(4), until: days(90) } }
  const both = policy([grant('VIEW', undefined, bounds), grant('VIEW', anyonePrincipal, later)])
  t.same(decide(both, { now: early })[0]?.range, later.range)
  const days30 = policy([grant('VIEW')], { precondition: { days: 30 } })
  t.same(names(days30, { now: addSeconds(issued, -600) }), ['VIEW'], 'the publisher’s clock is ahead')
  t.same(names(days30, { now: days(30) }), [])
})

t.test('of several grants of a right the one that holds longest counts', async (t) => {
  const range = (until: number) => ({ range: { from: issued, until: days(until) } })
  t.same(
    decide(policy([grant('VIEW', undefined, range(6)), grant('VIEW', anyonePrincipal, range(9))]))[0]?.range?.until,
    days(9),
  )
  t.equal(decide(policy([grant('VIEW', undefined, range(6)), grant('VIEW', anyonePrincipal)]))[0]?.range, undefined)
  t.equal(
    decide(policy([grant('VIEW', undefined, { days: 3 }), grant('VIEW', anyonePrincipal, { days: 7 })]))[0]?.days,
    7,
  )
})

t.test(
  'conditions of several grants of a right are never mixed: no license holds longer than one of them',
  async (t) => {
    const until = (from: number, end: number) => ({ range: { from: days(from), until: days(end) } })
    t.match(decide(policy([grant('VIEW', undefined, until(0, 9)), grant('VIEW', anyonePrincipal, { days: 2 })])), [
      { right: 'VIEW', range: { until: days(9) }, days: undefined },
    ])
    t.match(decide(policy([grant('VIEW', undefined, until(0, 6)), grant('VIEW', anyonePrincipal, { days: 30 })])), [
      { right: 'VIEW', range: undefined, days: 30 },
    ])
    t.same(
      decide(policy([grant('VIEW', undefined, until(0, 6)), grant('VIEW', anyonePrincipal, until(8, 90))]))[0]?.range,
      until(0, 6).range,
      'one that begins later hides none that holds now',
    )
    const soon = addSeconds(days(5), 240)
    t.same(
      decide(
        policy([
          grant('VIEW', undefined, { range: { from: days(5), until: days(6) } }),
          grant('VIEW', anyonePrincipal, { range: { from: soon, until: days(9) } }),
        ]),
      )[0]?.range,
      { from: days(5), until: days(6) },
      'one that begins within the tolerance neither',
    )
    t.same(
      decide(policy([grant('VIEW', undefined, until(7, 9)), grant('VIEW', anyonePrincipal, until(6, 8))]))[0]?.range,
      until(6, 8).range,
      'of those to come the first',
    )
  },
)

const rightName = fc.constantFrom('VIEW', 'EDIT', 'PRINT', 'FORWARD')
const who = fc
  .constantFrom('bob@contoso.test', 'legal@contoso.test', 'mallory@contoso.test', 'carol@contoso.test')
  .map(mailPrincipal)
const someGrants = fc.array(
  fc
    .record({ right: rightName, principal: who, end: fc.option(fc.integer({ min: 1, max: 20 })) })
    .map(({ right, principal, end }): Grant => ({
      right,
      principal,
      ...(end === null ? {} : { range: { from: issued, until: days(end) } }),
    })),
  { maxLength: 12 },
)
const someDay = fc.integer({ min: 0, max: 25 })

t.test('rights are exactly those of the grants that name the account and still hold, each once', async () => {
  fc.assert(
    fc.property(someGrants, someDay, (grants, day) => {
      const now = days(day)
      const mine = grants.filter(
        ({ principal, range }) =>
          /^(bob|legal)@/.test(principal.name ?? '') && (range === undefined || now < range.until),
      )
      const found = names(policy(grants), { now })
      return (
        found.length === new Set(found).size &&
        found.toSorted().join() === [...new Set(mine.map(({ right }) => right))].toSorted().join()
      )
    }),
  )
})

t.test('a grant more never takes a right away, and the order of grants does not matter', async () => {
  fc.assert(
    fc.property(someGrants, someGrants, someDay, (grants, more, day) => {
      const now = days(day)
      const all = names(policy([...grants, ...more]), { now })
      const reversed = decide(policy([...grants, ...more].reverse()), { now })
      const ends = new Map(reversed.map(({ right, range }) => [right, range?.until.getTime()]))
      const sameEnds = decide(policy([...grants, ...more]), { now }).every(
        ({ right, range }) => ends.get(right) === range?.until.getTime(),
      )
      return (
        names(policy(grants), { now }).every((right) => all.includes(right)) && sameEnds && ends.size === all.length
      )
    }),
  )
})

t.test('no right outlives its content', async () => {
  fc.assert(
    fc.property(someGrants, someDay, fc.integer({ min: 1, max: 25 }), (grants, day, end) =>
      decide(policy(grants, { precondition: { days: end } }), { now: days(day) }).every(
        ({ range }) => range !== undefined && range.until <= days(end),
      ),
    ),
  )
})
