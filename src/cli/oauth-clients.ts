/** Applications for the sign-in service, from their setting. */
import {
  isClientId,
  isRedirectUri,
  redirectUriForm,
  registeredClients,
  type RegisteredClient,
} from '../cluster/oauth-clients.js'
import type { Pair } from '../config/options.js'
import { Failure } from './failure.js'

/**
 * @returns to be added to those that the installation has
 * @throws Failure for an id or address that cannot be one
 */
export function oauthClientsOf(pairs: readonly Pair<string>[]): readonly RegisteredClient[] {
  for (const { key, value } of pairs) {
    const shown = `--oauth-client ${key}=${value}`
    if (!isClientId(key)) throw new Failure(`${shown}: the id must be printable ASCII, 200 characters at most`, 2)
    if (!isRedirectUri(value)) throw new Failure(`${shown}: the redirect address must be ${redirectUriForm}`, 2)
  }
  return registeredClients(pairs)
}
