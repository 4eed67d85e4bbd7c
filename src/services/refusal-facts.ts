/** Rule, wanted and found of refusals that several operations share: made where they refuse, and only then. */
import type { Licensor, ServerState } from '../cluster/server-state.js'
import type { ModeRules } from '../crypto/modes.js'
import { contentRange, decideRights, type Identity, type Policy } from '../policy/rights.js'
import type { RefusalFacts } from '../refusal.js'
import type { Principal, RmsObject } from '../xrml/body.js'
import type { ChainCheck } from '../xrml/chain.js'
import type { Pl } from '../xrml/pl.js'
import type { RightsData } from '../xrml/rights-data.js'
import { formatTime, isWithin, type TimeRange } from '../xrml/times.js'

/** @param what `the RAC` */
export function holdsNow(what: string, { from, until }: TimeRange, now: Date): RefusalFacts {
  return {
    rule: `${what} holds now`,
    wanted: `from ${formatTime(from)} to ${formatTime(until)}`,
    found: formatTime(now),
    about: { kind: 'time', from, until, now },
  }
}

/** @param kind of the document whose chain it is */
export function wholeChain(kind: 'RAC' | 'PL' | 'SPC', { why }: ChainCheck): RefusalFacts {
  return {
    rule: `no document of the ${kind} chain was changed, and each was issued by the next`,
    wanted: 'digests, signatures and issuers that fit',
    found: why ?? 'a chain that does not hold',
  }
}

export function sameMode(kind: 'RAC' | 'PL' | 'SPC', found: string, { mode, hash, keyBits }: ModeRules): RefusalFacts {
  return {
    rule: `the ${kind} is of the cryptographic mode of the cluster`,
    wanted: `Mode ${mode}: keys of ${keyBits} bits and ${hash}`,
    found,
    about: { kind: 'mode', mode: mode === 1 ? 2 : 1 },
  }
}

export function notExcluded(account: string | undefined, key: string): RefusalFacts {
  return {
    rule: 'the account is not excluded',
    wanted: 'a key that is not excluded at this cluster',
    found: `the key of ${account ?? 'an account without a name'}`,
    about: { kind: 'excluded key', key },
  }
}

export function newEnough(version: string | undefined, minimum: string | null): RefusalFacts {
  return {
    rule: 'the security processor of the machine is new enough',
    wanted: `version ${minimum} or later`,
    found: version ?? 'no version',
  }
}

export function madeForUs({ server: { object, publicKey } }: Pl, { own, trusted }: ServerState): RefusalFacts {
  return {
    rule: 'the PL was made for this cluster, or for a trusted publishing domain',
    wanted: [own, ...trusted].map(({ principal }) => principal.object?.id ?? '').join(', '),
    found: object?.id ?? 'no server',
    about: serverSubject({ object, publicKey }),
  }
}

export function leadsToUs({ documents }: ChainCheck, { own }: ServerState): RefusalFacts {
  const issuer = documents.at(-1)?.body.issuer
  return {
    rule: 'the chain of the PL leads to this cluster, or to a trusted licensing server',
    wanted: own.principal.object?.id ?? '',
    found: issuer?.object?.id ?? 'no issuer',
    about: serverSubject(issuer),
  }
}

export function unchangedTemplate(found: string, { templateGuid = '' }: RightsData): RefusalFacts {
  return {
    rule: 'the template was not changed since it was signed',
    wanted: 'digest and signature of its BODY',
    found,
    about: { kind: 'template', guid: templateGuid },
  }
}

export function signedBy({ principal }: Licensor, issuer: Principal | undefined): RefusalFacts {
  return {
    rule: 'the template was signed by the server whose key opens the PL',
    wanted: principal.object?.id ?? '',
    found: issuer?.object?.id ?? 'no issuer',
    about: serverSubject(issuer),
  }
}

function serverSubject(server: Pick<Principal, 'object' | 'publicKey'> | undefined): RefusalFacts['about'] & object {
  return { kind: 'server', id: server?.object?.id ?? '', key: server?.publicKey?.modulus ?? '' }
}

/** More would not help. */
const mostNamed = 100

/** Of an account that has no rights: because nobody of its names stands in the policy, or because of the time. */
export function rightsFacts(
  policy: Policy,
  identity: Identity,
  account: RmsObject | undefined,
  now: Date,
): RefusalFacts {
  const content = contentRange(policy)
  if (content !== undefined && !isWithin(content, now)) return holdsNow('the content', content, now)
  const end = endOfRights(policy, identity, now)
  if (end !== undefined) {
    return {
      rule: 'the rights of the account have not ended',
      wanted: `before ${formatTime(end)}`,
      found: formatTime(now),
      about: { kind: 'time', from: new Date(0), until: end, now },
    }
  }
  // The author's own right goes without saying.
  const principals = policy.grants.map(({ principal }) => principal).filter(({ idType }) => idType !== 'Internal')
  const named = [...new Set(principals.map(({ name, id }) => name ?? id))]
  const { replaced } = policy
  const hadThem =
    replaced !== undefined &&
    decideRights({ ...policy, grants: replaced }, identity, { superUser: false, now }).length > 0
  return {
    rule: 'the policy names the account, or a group that it is in',
    wanted: named.slice(0, mostNamed).join(', ') || 'nobody is named',
    found: account?.name ?? account?.id ?? 'an account without a name',
    about: {
      kind: 'rights',
      sid: account?.idType === 'Windows' ? account.id : '',
      mail: account?.name ?? '',
      named: named.slice(0, mostNamed),
      byOlderTemplate: hadThem,
    },
  }
}

/** The latest end of what the policy gave to the account; undefined where it never gave it anything. */
function endOfRights({ grants, ...policy }: Policy, identity: Identity, now: Date): Date | undefined {
  const ends = grants.flatMap(({ range, ...grant }) => {
    const gave =
      range !== undefined && decideRights({ ...policy, grants: [grant] }, identity, { superUser: false, now })
    return gave !== false && gave.length > 0 ? [range?.until.getTime() ?? 0] : []
  })
  return ends.length === 0 ? undefined : new Date(Math.max(...ends))
}
