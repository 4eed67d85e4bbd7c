/** IsPrincipalMemberOf: whether a user is in one of some groups of this forest ([MS-RMPRS] 3.5.4.1). */
import { allAddresses } from '../../directory/addresses.js'
import { refuse } from '../../exceptions.js'
import { child, childrenNamed } from '../../xml/read.js'
import { element, text } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { walk } from '../steps.js'
import { groupExpansionService } from './messages.js'
import { askOtherForests, forestOf, type Question } from './other-forests.js'

const mostGroups = 1000

export const isPrincipalMemberOf = operation(
  describe(groupExpansionService, 'IsPrincipalMemberOf'),
  walk<Call>()
    .step('parse', parse)
    .step('expand', expand)
    .step('answer', ({ isMember }) => ({ answer: element('IsPrincipalMemberOfResult', {}, text(isMember)) })),
)

function parse({ request, state }: Call): Question {
  const calls = child(request, 'crossForestCallsSoFar')
  const callsSoFar = Number(calls?.text)
  if (calls === undefined || callsSoFar < 0) refuse('ArgumentNull', 'crossForestCallsSoFar is missing or below 0')
  const groups = childrenNamed(child(request, 'targetGroups'), 'string').map((group) => group.text)
  return requireQuestion({ principal: child(request, 'principalName')?.text ?? '', groups, callsSoFar }, state)
}

/**
 * The question with plain addresses, when it may be answered.
 * @throws RmsException ArgumentNull, UnspecifiedError
 */
export function requireQuestion(
  { principal: named, groups: listed, callsSoFar }: Question,
  { configuration }: Call['state'],
): Question {
  const principal = withoutPrefix(named)
  const groups = listed.map(withoutPrefix)
  if (principal === '') refuse('ArgumentNull', 'principalName is missing or empty')
  if (groups.length === 0) refuse('ArgumentNull', 'targetGroups is missing or empty')
  if (groups.length > mostGroups)
    refuse('UnspecifiedError', `${groups.length} groups are asked for, at most ${mostGroups} are looked at`)
  // So many servers are going in circles (product note 23).
  if (callsSoFar + 1 >= configuration.maxCrossForestCalls)
    refuse(
      'UnspecifiedError',
      `${callsSoFar} servers have been asked so far: the groups of the forests contain each other`,
    )
  return { principal, groups, callsSoFar }
}

/**
 * A user or group that is not known here is no error: the answer is no. Groups of ours with groups of other forests in them are asked for there;
 * groups that are at home elsewhere are not passed on, whoever asks is to ask there.
 */
export async function expand({
  principal,
  groups,
  callsSoFar,
  context,
  state,
  notes,
  began,
}: Pick<Call, 'context' | 'state' | 'notes' | 'began'> & Question): Promise<{ isMember: boolean }> {
  const account = await context.directory.accountByMail(principal)
  const wanted = new Set(groups.map((group) => group.toLowerCase()))
  const memberships = account === undefined ? [] : await context.directory.memberships(account.sid)
  const addresses = memberships.flatMap(allAddresses)
  if (addresses.some((address) => wanted.has(address.toLowerCase()))) return { isMember: true }
  const own = [...wanted].filter((group) => forestOf(group, state) === undefined)
  if (state.forests.length === 0 || own.length === 0) return { isMember: false }
  const elsewhere = await askOtherForests({ principal, groups: own, callsSoFar }, state, context, began)
  if (elsewhere.unanswered.length > 0) notes.metadata.forestsWithoutAnswer = elsewhere.unanswered
  if (elsewhere.groups.size === 0 && elsewhere.unanswered.length > 0)
    refuse('UnspecifiedError', `other forests could not be asked: ${elsewhere.unanswered.join('; ')}`)
  return { isMember: elsewhere.groups.size > 0 }
}

/** The binary form of the protocol writes `mail=` before an address; servers of both kinds may ask. */
function withoutPrefix(name: string): string {
  return name.trim().replace(/^mail=/i, '')
}
