/**
 * Who is signed in on which connection. NTLM signs in a connection, not a request: an identity holds for this connection, and only while it is
 * the same client that speaks on it.
 */
import type { Directory } from '../directory/directory.js'
import type { Caller } from './caller.js'
import { takeStep, type Dialogue, type Step } from './negotiate.js'
import type { NtlmContext } from './ntlm.js'
import { nameOfScheme, type Credentials } from './schemes.js'

/** A connection, as far as it matters here; a `net.Socket` is one. */
export interface Connection {
  once(event: 'close', listener: () => void): unknown
}

/**
 * Who speaks on a connection: the client itself, one of the clients of a balancer that says which, or clients of a proxy that does not say
 * which: then nobody stays signed in longer than a request.
 */
export type Speaker =
  | { readonly kind: 'client' }
  | { readonly kind: 'behind balancer'; readonly connection: string }
  | { readonly kind: 'behind proxy' }

export type Outcome =
  | { readonly kind: 'goes on'; readonly challenge: string }
  | { readonly kind: 'signed in'; readonly caller: Caller; readonly challenge?: string }
  | { readonly kind: 'refused'; readonly why: string }

export interface SignedInConnections {
  /** Who is signed in, when somebody is. */
  callerOf(connection: Connection, speaker: Speaker): Caller | undefined
  /**
   * The next message of a dialogue. Whoever was signed in is so no longer.
   * @param directory as it is when the request comes
   * @throws what the directory throws
   */
  receive(connection: Connection, speaker: Speaker, credentials: Credentials, directory: Directory): Promise<Outcome>
  /** Dialogues that wait for the client. */
  waiting(): number
}

export interface DialogueLimits {
  /** Dialogues that may wait; beyond it, the oldest ends. */
  readonly dialogues: number
  /** Milliseconds for the client's answer. */
  readonly longestDialogue: number
}

export const defaultDialogueLimits: DialogueLimits = { dialogues: 8192, longestDialogue: 120_000 }

interface Waiting {
  readonly dialogue: Dialogue
  readonly speaker: Speaker
  readonly since: number
}

export function signedInConnections(
  context: Omit<NtlmContext, 'directory'>,
  limits: DialogueLimits = defaultDialogueLimits,
): SignedInConnections {
  const signedIn = new WeakMap<Connection, { readonly caller: Caller; readonly speaker: Speaker }>()
  /** In order of their beginning. */
  const waiting = new Map<Connection, Waiting>()
  const watched = new WeakSet<Connection>()

  /** The dialogue ends with being looked at: a challenge is answered once. */
  const takeWaiting = (connection: Connection, speaker: Speaker): Dialogue | undefined => {
    const found = waiting.get(connection)
    waiting.delete(connection)
    const isInTime = found !== undefined && context.clock.monotonic() - found.since <= limits.longestDialogue
    return isInTime && isSame(found.speaker, speaker) ? found.dialogue : undefined
  }

  const wait = (connection: Connection, speaker: Speaker, dialogue: Dialogue): void => {
    waiting.delete(connection)
    const since = context.clock.monotonic()
    waiting.set(connection, { dialogue, speaker, since })
    for (const [oldest, other] of waiting) {
      if (waiting.size <= limits.dialogues && since - other.since <= limits.longestDialogue) break
      waiting.delete(oldest)
    }
    if (watched.has(connection)) return
    watched.add(connection)
    connection.once('close', () => waiting.delete(connection))
  }

  return {
    callerOf: (connection, speaker) => {
      const found = signedIn.get(connection)
      return found !== undefined && isSame(found.speaker, speaker) && speaker.kind !== 'behind proxy'
        ? found.caller
        : undefined
    },
    receive: async (connection, speaker, { scheme, token }, directory) => {
      signedIn.delete(connection)
      const step: Step = await takeStep({ ...context, directory }, takeWaiting(connection, speaker), scheme, token)
      const name = nameOfScheme(scheme)
      if (step.kind === 'refused') return step
      const challenge = step.token === undefined ? {} : { challenge: `${name} ${step.token.toString('base64')}` }
      if (step.kind === 'goes on') {
        wait(connection, speaker, step.dialogue)
        return { kind: 'goes on', challenge: challenge.challenge ?? name }
      }
      const caller: Caller = { isAuthenticated: true, authenticationType: name, account: step.account }
      signedIn.set(connection, { caller, speaker })
      return { kind: 'signed in', caller, ...challenge }
    },
    waiting: () => waiting.size,
  }
}

function isSame(one: Speaker, other: Speaker): boolean {
  if (one.kind === 'behind balancer' && other.kind === 'behind balancer') return one.connection === other.connection
  return one.kind === other.kind
}
