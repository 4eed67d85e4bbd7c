/** NTLM against the directory: a challenge for a client, and the account that its answer proves. */
import type { Account, Directory } from '../directory/directory.js'
import type { Clock, Random } from '../effects.js'
import { MalformedMessage } from '../ntlm/malformed-message.js'
import {
  challengeClient,
  readAnswer,
  ResponseRefused,
  verifyAnswer,
  type Challenged,
  type NtlmLevel,
  type Verified,
} from '../ntlm/server.js'

export interface NtlmContext {
  readonly directory: Pick<Directory, 'forest' | 'accountByName' | 'passwordOf'>
  readonly clock: Clock
  /** What a challenge is drawn from. */
  readonly draw: () => Random | Promise<Random>
  readonly level: NtlmLevel
  /** Of this server, as it calls itself to clients. */
  readonly computer: string
}

export interface Proven extends Verified {
  readonly account: Account
}

/** @throws MalformedMessage */
export async function challengeByNtlm(
  { directory, clock, draw, computer }: NtlmContext,
  first: Buffer,
): Promise<Challenged> {
  const { netbiosName, dnsName } = await directory.forest()
  const names = {
    netbiosDomain: netbiosName,
    dnsDomain: dnsName,
    netbiosComputer: computer.toUpperCase().slice(0, 15),
    dnsComputer: `${computer.toLowerCase()}.${dnsName}`,
  }
  const challenge = (await draw()).bytes(8)
  return challengeClient(first, challenge, names, clock.now())
}

/** Bytes. Names, and a response with a list of what the server said of itself: far above what is needed. */
const longestMessage = 12 * 1024

/** @throws ResponseRefused, MalformedMessage */
export async function proveByNtlm(
  { directory, clock, level }: NtlmContext,
  challenged: Challenged,
  third: Buffer,
): Promise<Proven> {
  if (third.length > longestMessage) throw new MalformedMessage(`it has more than ${longestMessage} bytes`)
  const answer = readAnswer(challenged, third)
  const { message } = answer
  const account = message.user === '' ? undefined : await directory.accountByName(nameOf(message))
  const password = account === undefined ? undefined : await directory.passwordOf(account.sid)
  // The work is done for unknown users too: the time taken should not tell who is known.
  const verified = verifyAnswer(challenged, answer, password ?? '', { level, now: clock.now() })
  if (account === undefined || password === undefined) throw new ResponseRefused('unknown user')
  return { ...verified, account }
}

/** A user may come without a domain, by name or as `alice@contoso.test`. */
function nameOf({ domain, user }: { readonly domain: string; readonly user: string }): string {
  return domain === '' || user.includes('@') ? user : `${domain}\\${user}`
}
