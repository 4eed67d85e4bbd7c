/**
 * The directory as a node asks it. In Windows it is Active Directory, which does not go away with the cluster's database; here both are one, so a
 * node remembers the answers it got and gives them again while the database is away: known users go on getting licenses.
 */
import { createHash } from 'node:crypto'
import type { Directory } from '../directory/directory.js'
import { DatabaseAway } from './store/database-away.js'

/** @param limit answers that are remembered; the ones that were asked for longest ago are forgotten first */
export function rememberingDirectory(directory: Directory, limit = 10_000): Directory {
  const answers = new Map<string, unknown>()

  const ask = async <Answer>(question: readonly string[], answer: () => Promise<Answer>): Promise<Answer> => {
    // Passwords are among the questions: only their digest is kept.
    const key = createHash('sha256').update(JSON.stringify(question)).digest('base64')
    try {
      const given = await answer()
      answers.delete(key)
      answers.set(key, given)
      const [oldest] = answers.keys()
      if (answers.size > limit && oldest !== undefined) answers.delete(oldest)
      return given
    } catch (error) {
      if (error instanceof DatabaseAway && answers.has(key)) return answers.get(key) as Answer
      throw error
    }
  }

  return {
    forest: () => ask(['forest'], () => directory.forest()),
    accountByName: (name) => ask(['accountByName', name], () => directory.accountByName(name)),
    accountBySid: (sid) => ask(['accountBySid', sid], () => directory.accountBySid(sid)),
    accountByMail: (mail) => ask(['accountByMail', mail], () => directory.accountByMail(mail)),
    groupByMail: (mail) => ask(['groupByMail', mail], () => directory.groupByMail(mail)),
    groupByName: (name) => ask(['groupByName', name], () => directory.groupByName(name)),
    authenticate: (name, password) => ask(['authenticate', name, password], () => directory.authenticate(name, password)),
    // The password itself: who signs in by NTLM is to go on as well, and nothing less proves an NTLM response.
    passwordOf: (sid) => ask(['passwordOf', sid], () => directory.passwordOf(sid)),
    memberships: (sid) => ask(['memberships', sid], () => directory.memberships(sid)),
  }
}
