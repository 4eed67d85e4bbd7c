/** `token`: an access token for a named account, for REST clients that take one as it is. */
import type { Settings } from '../../config/options.js'
import { Failure } from '../failure.js'
import { callManagement } from '../management-call.js'
import { createOutput } from '../output.js'
import { commandLine } from '../../command-line.js'

export interface TokenArguments {
  readonly audience?: string
  /** Seconds, as text. */
  readonly lifetime?: string
}

export async function token(
  settings: Settings<'token'>,
  user: string,
  { audience, lifetime }: TokenArguments,
): Promise<void> {
  const output = createOutput(settings.json)
  if (lifetime !== undefined && !/^-?\d{1,9}$/.test(lifetime))
    throw new Failure(`--lifetime is "${lifetime}"; it must be a whole number of seconds`, 2)
  const body = {
    user,
    ...(audience === undefined ? {} : { audience }),
    ...(lifetime === undefined ? {} : { lifetimeSeconds: Number(lifetime) }),
  }
  const made = await callManagement(settings, { method: 'POST', path: '/tokens', body })
  if (!isToken(made))
    throw new Failure(
      `${settings.manage ?? 'The running installation'} does not answer as an installation does. Is this its management address? ${commandLine('up')} prints it`,
    )
  output.result(made, made.access_token)
}

function isToken(body: unknown): body is { readonly access_token: string } {
  return typeof body === 'object' && body !== null && 'access_token' in body && typeof body.access_token === 'string'
}
