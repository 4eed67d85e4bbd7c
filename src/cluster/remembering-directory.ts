/**
 * The directory as a node asks it. It remembers the answers it got, and gives them again as long as the version of the directory is the same: a
 * change counts from the next request on. All that ask in one turn look at the version together, so a busy node looks a few times for a hundred requests.
 *
 * In Windows the directory is Active Directory, which does not go away with the cluster's database; here both are one. While the database is away the
 * remembered answers are given whatever the version: known users go on getting licenses.
 */
import { hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Directory } from '../directory/directory.js'
import { recentMap } from '../recent.js'
import { DatabaseAway } from './store/database-away.js'

export interface VersionedDirectory extends Directory {
  version(): Promise<string>
}

export interface NodeDirectory extends Directory {
  /** The same for one request, which looks at the version once, with its first question. */
  forRequest(): Directory
}

interface Remembered {
  readonly version: string
  readonly answer: unknown
}

/** A name of the directory has 256 characters at most. */
const longestKey = 300

/** @param limit answers that are remembered */
export function rememberingDirectory(directory: VersionedDirectory, limit = 10_000): NodeDirectory {
  const answers = recentMap<string, Remembered>(limit)
  let looking: Promise<string> | undefined

  const lookAnew = async (): Promise<string> => {
    await nextTurn()
    // Whoever asks from here on wants to know of changes that this look may not see.
    looking = undefined
    return directory.version()
  }
  const look = (): Promise<string> => (looking ??= lookAnew())

  const ask = async <Answer>(
    versionNow: () => Promise<string>,
    key: string,
    question: () => Promise<Answer>,
  ): Promise<Answer> => {
    try {
      const version = await versionNow()
      const before = answers.get(key)
      if (before?.version === version) return before.answer as Answer
      const answer = await question()
      // The version from before the question: what was changed meanwhile raised it.
      if (key.length <= longestKey) answers.set(key, { version, answer })
      return answer
    } catch (error) {
      const before = answers.get(key)
      if (error instanceof DatabaseAway && before !== undefined) return before.answer as Answer
      throw error
    }
  }

  const asking = (versionNow: () => Promise<string>): Directory => ({
    forest: () => ask(versionNow, 'forest', () => directory.forest()),
    accountByName: (name) => ask(versionNow, `accountByName ${name}`, () => directory.accountByName(name)),
    accountBySid: (sid) => ask(versionNow, `accountBySid ${sid}`, () => directory.accountBySid(sid)),
    accountByMail: (mail) => ask(versionNow, `accountByMail ${mail}`, () => directory.accountByMail(mail)),
    groupByMail: (mail) => ask(versionNow, `groupByMail ${mail}`, () => directory.groupByMail(mail)),
    groupByName: (name) => ask(versionNow, `groupByName ${name}`, () => directory.groupByName(name)),
    authenticate: (name, password) =>
      ask(versionNow, `authenticate ${credentialsKey(name, password)}`, () => directory.authenticate(name, password)),
    // The password itself: who signs in by NTLM is to go on as well, and nothing less proves an NTLM response.
    passwordOf: (sid) => ask(versionNow, `passwordOf ${sid}`, () => directory.passwordOf(sid)),
    memberships: (sid) => ask(versionNow, `memberships ${sid}`, () => directory.memberships(sid)),
  })

  return {
    ...asking(look),
    forRequest: () => {
      let version: Promise<string> | undefined
      return asking(() => (version ??= look()))
    },
  }
}

/** A password that somebody sent is not kept, only a digest. */
function credentialsKey(name: string, password: string): string {
  return hash('sha256', JSON.stringify([name, password]), 'base64')
}
