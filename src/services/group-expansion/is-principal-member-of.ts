/** IsPrincipalMemberOf: whether a user is in one of some groups of this forest ([MS-RMPRS] 3.5.4.1). */
import { refuse } from '../../exceptions.js'
import { child, childrenNamed } from '../../xml/read.js'
import { element, text } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { walk } from '../steps.js'
import { groupExpansionService } from './messages.js'

/** A request that so many servers have passed on is going in circles (product note 23). */
const mostCrossForestCalls = 10
const mostGroups = 1000

interface Question {
  readonly principal: string
  readonly groups: readonly string[]
}

export const isPrincipalMemberOf = operation(
  describe(groupExpansionService, 'IsPrincipalMemberOf'),
  walk<Call>()
    .step('parse', parse)
    .step('expand', expand)
    .step('answer', ({ isMember }) => ({ answer: element('IsPrincipalMemberOfResult', {}, text(isMember)) })),
)

function parse({ request }: Call): Question {
  const principal = withoutPrefix(child(request, 'principalName')?.text ?? '')
  const groups = childrenNamed(child(request, 'targetGroups'), 'string').map((group) => withoutPrefix(group.text))
  const calls = child(request, 'crossForestCallsSoFar')?.text.trim() ?? ''
  if (principal === '') refuse('ArgumentNull', 'principalName is missing or empty')
  if (groups.length === 0) refuse('ArgumentNull', 'targetGroups is missing or empty')
  if (!/^\d{1,9}$/.test(calls)) refuse('ArgumentNull', 'crossForestCallsSoFar is missing or no number')
  if (groups.length > mostGroups) refuse('UnspecifiedError', `${groups.length} groups are asked for, at most ${mostGroups} are looked at`)
  if (Number(calls) + 1 >= mostCrossForestCalls) refuse('UnspecifiedError', `${calls} servers have been asked so far: the groups of the forests contain each other`)
  return { principal, groups }
}

/** A user or group that is not known here is no error: the answer is no. */
async function expand({ principal, groups, context }: Call & Question): Promise<{ isMember: boolean }> {
  const account = await context.directory.accountByMail(principal)
  if (account === undefined) return { isMember: false }
  const wanted = new Set(groups.map((group) => group.toLowerCase()))
  const memberships = await context.directory.memberships(account.sid)
  return { isMember: memberships.some(({ mail }) => mail !== undefined && wanted.has(mail.toLowerCase())) }
}

/** The binary form of the protocol writes `mail=` before an address; servers of both kinds may ask. */
function withoutPrefix(name: string): string {
  return name.trim().replace(/^mail=/i, '')
}
