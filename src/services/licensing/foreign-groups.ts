/** Groups of other forests in a policy: who is in them decides like a group of our own ([MS-RMPRS] 3.5, 4.1). */
import type { Identity, Policy } from '../../policy/rights.js'
import type { Principal } from '../../xrml/body.js'
import type { Call } from '../context.js'
import { askOtherForests } from '../group-expansion/other-forests.js'

/** What is needed of a call, over SOAP or REST. */
type Asking = Pick<Call, 'state' | 'context' | 'notes' | 'began'>

/** The identity with those of the policy's groups that other forests know the account to be in. Nobody is asked while no other forest is trusted. */
export async function withForeignGroups(
  identity: Identity,
  policy: Policy,
  { object }: Principal,
  { state, context, notes, began }: Asking,
): Promise<Identity> {
  const principal = object?.name ?? ''
  if (state.forests.length === 0 || !principal.includes('@')) return identity
  const named = policy.grants.map((grant) => (grant.principal.name ?? grant.principal.id).toLowerCase())
  const open = [...new Set(named)].filter((name) => name.includes('@') && !identity.mails.has(name))
  if (open.length === 0) return identity
  const { groups, unanswered } = await askOtherForests(
    { principal, groups: open, callsSoFar: 0 },
    state,
    context,
    began,
  )
  if (unanswered.length > 0) notes.metadata.forestsWithoutAnswer = unanswered
  return { ...identity, mails: new Set([...identity.mails, ...groups]) }
}
