/**
 * Groups whose members another forest knows ([MS-RMPRS] 3.5): its RMS server is asked, as the account that was agreed with it. The count of servers
 * asked so far goes along, so that forests whose groups contain each other do not ask for ever.
 */
import { serviceAccount } from '../../cluster/service-account.js'
import type { ServerState, TrustedForest } from '../../cluster/server-state.js'
import { callSoap } from '../../client/soap-caller.js'
import { allAddresses } from '../../directory/addresses.js'
import type { Directory } from '../../directory/directory.js'
import { descend } from '../../xml/read.js'
import { element, text } from '../../xml/write.js'
import type { ServiceContext } from '../context.js'
import { groupExpansionNamespace } from './messages.js'
import { askByRemoting, isRemotingUrl } from './remoting-call.js'

/** Milliseconds for one answer, and from the beginning of a request until nobody is asked any more. */
const longestCall = 5000
const longestExpansion = 12_000
/** Groups inside of groups that are looked through, and how deep. */
const mostInside = 1000
const deepest = 20
/** Bytes; the answer is one word. */
const largestAnswer = 64 * 1024

export interface Question {
  /** Mail address of the user. */
  readonly principal: string
  /** Mail addresses of groups that the own directory does not know the user to be in. */
  readonly groups: readonly string[]
  /** Servers that have been asked before. */
  readonly callsSoFar: number
}

export interface Elsewhere {
  /** Those of the groups that the user is in by what other forests say; in lower case. */
  readonly groups: ReadonlySet<string>
  /** Why questions have no answer, for people. */
  readonly unanswered: readonly string[]
}

type Surroundings = Pick<ServiceContext, 'store' | 'directory' | 'clock'>

/** The forest where this address is at home, when it is another one that is trusted. */
export function forestOf(mail: string, { forests }: Pick<ServerState, 'forests'>): TrustedForest | undefined {
  const domain = mail.slice(mail.lastIndexOf('@') + 1).toLowerCase()
  return forests.find((forest) => forest.domain === domain)
}

/**
 * Never throws for a forest that cannot be asked: that is `unanswered`.
 * @param since when the request began that this is for, by the clock that never goes back: all its questions share the time
 */
export async function askOtherForests(
  { principal, groups, callsSoFar }: Question,
  state: ServerState,
  around: Surroundings,
  since: number,
): Promise<Elsewhere> {
  const found = new Set<string>()
  const unanswered: string[] = []
  let calls = callsSoFar

  const ask = async (forest: TrustedForest, wanted: readonly string[]): Promise<boolean> => {
    const left = Math.min(longestCall, longestExpansion - (around.clock.monotonic() - since))
    // The forest itself would refuse a question with this count.
    if (calls + 2 >= state.configuration.maxCrossForestCalls)
      throw new Error('as many servers have been asked as may be')
    if (left <= 0) throw new Error('there was no time left to ask')
    calls++
    return isMember(forest, { principal, groups: wanted, callsSoFar: calls }, left, around.directory)
  }

  /** Mostly the answer is no, and one question is enough; yes does not say for which of them. */
  const askFor = async (forest: TrustedForest, meaning: ReadonlyMap<string, readonly string[]>): Promise<void> => {
    const theirs = [...meaning.keys()]
    if (!(await ask(forest, theirs))) return
    for (const group of theirs) {
      if (theirs.length > 1 && !(await ask(forest, [group]))) continue
      for (const own of meaning.get(group) ?? []) found.add(own)
    }
  }

  for (const [forest, meaning] of await questionsOf(groups, state, around)) {
    try {
      await askFor(forest, meaning)
    } catch (error) {
      unanswered.push(`${forest.domain}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { groups: found, unanswered }
}

/** What each forest is to be asked: its groups, and which of the wanted ones they stand for: themselves, or a group of ours that they are in. */
async function questionsOf(
  groups: readonly string[],
  state: ServerState,
  around: Surroundings,
): Promise<ReadonlyMap<TrustedForest, ReadonlyMap<string, readonly string[]>>> {
  const questions = new Map<TrustedForest, Map<string, string[]>>()
  for (const wanted of groups.map((group) => group.toLowerCase())) {
    for (const group of [wanted, ...(await mailsInside(wanted, state, around))]) {
      const forest = forestOf(group, state)
      if (forest === undefined) continue
      const asked = questions.get(forest) ?? new Map<string, string[]>()
      questions.set(forest, asked.set(group, [...(asked.get(group) ?? []), wanted]))
    }
  }
  return questions
}

/** Addresses of the groups inside a group of ours, at any depth, in lower case. */
async function mailsInside(
  wanted: string,
  state: ServerState,
  { store, directory }: Surroundings,
): Promise<readonly string[]> {
  const own = forestOf(wanted, state) === undefined ? await directory.groupByMail(wanted) : undefined
  if (own === undefined) return []
  const seen = new Set([own.sid])
  const mails: string[] = []
  let level: readonly string[] = [own.sid]
  for (let depth = 0; level.length > 0 && depth < deepest && seen.size < mostInside; depth++) {
    const inside = (await store.directory.groupsIn(level)).filter(({ sid }) => !seen.has(sid))
    for (const group of inside) {
      seen.add(group.sid)
      mails.push(...allAddresses(group).map((address) => address.toLowerCase()))
    }
    level = inside.map(({ sid }) => sid)
  }
  return mails
}

/** @throws CallFailed, SoapFault */
async function isMember(
  { url, account }: TrustedForest,
  { principal, groups, callsSoFar }: Question,
  timeoutMilliseconds: number,
  directory: Directory,
): Promise<boolean> {
  const credentials = account ?? (await serviceAccount(directory))
  if (isRemotingUrl(url)) return askByRemoting(url, { principal, groups, callsSoFar }, credentials, timeoutMilliseconds)
  const body = element(
    'IsPrincipalMemberOf',
    { xmlns: groupExpansionNamespace },
    element('principalName', {}, text(principal)),
    // The specification calls it the forest of the principal, and gives the address again (3.5.4.1.2.1).
    element('principalCrossForest', {}, text(principal)),
    element(
      'targetGroups',
      {},
      groups.map((group) => element('string', {}, text(group))),
    ),
    element('crossForestCallsSoFar', {}, text(String(callsSoFar))),
  )
  const question = {
    url,
    namespace: groupExpansionNamespace,
    operation: 'IsPrincipalMemberOf',
    body,
    credentials,
    timeoutMilliseconds,
    maximumBytes: largestAnswer,
  }
  return ['true', '1'].includes(
    descend(await callSoap(question), 'IsPrincipalMemberOfResult')
      ?.text.trim()
      .toLowerCase() ?? '',
  )
}
