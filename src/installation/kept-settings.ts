/**
 * What a start does with a cluster that the database has already: the one table of settings that are kept, and of those that each start says anew. What
 * it changes is told, and so is what it cannot change.
 */
import { sameServiceUrl } from '../client/service-url.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import { commandLine } from '../command-line.js'

interface KeptSetting<Name extends keyof ServerConfiguration = keyof ServerConfiguration> {
  readonly name: Name
  /**
   * `start`: as each start says, with the default where it says nothing. `made`: for life, as it was made with. `added`: a start adds to it. `given`:
   * as the last start said that said something. `once`: there is no way back.
   */
  readonly from: 'start' | 'made' | 'added' | 'given' | 'once'
  readonly flag: string
  /** Of what is added: to what, and how it is taken away again. */
  readonly to?: string
  readonly undo?: string
}

const keptSettings: readonly KeptSetting[] = [
  { name: 'cryptographicMode', from: 'made', flag: '--crypto-mode' },
  {
    name: 'admittedGroups',
    from: 'added',
    flag: '--admit',
    to: 'its access lists',
    undo: `it is taken away by ${commandLine('revoke ENDPOINT NAME')}`,
  },
  {
    name: 'oauthClients',
    from: 'added',
    flag: '--oauth-client',
    to: 'its applications',
    undo: 'oauthClients of its configuration, in the management API, is the whole list',
  },
  { name: 'tokenIssuer', from: 'given', flag: '--token-issuer' },
  { name: 'serverDecommissioned', from: 'once', flag: '--decommissioned' },
  { name: 'configurationRefreshIntervalSeconds', from: 'start', flag: '--refresh-interval' },
  { name: 'invertPersistent', from: 'start', flag: '--invert-persistent' },
  { name: 'automaticSignIn', from: 'start', flag: '--auto-sign-in' },
  { name: 'emulatedServer', from: 'start', flag: '--capacity' },
]

/**
 * @param wanted what the start asks for, without what it leaves alone
 * @returns a sentence for each thing that is not as it was, or not as it was asked for
 */
export function keptNotices(
  stored: ServerConfiguration,
  wanted: Partial<ServerConfiguration> & { readonly baseUrl: string },
): readonly string[] {
  const address = sameServiceUrl(stored.baseUrl, wanted.baseUrl)
    ? []
    : [
        `it was at ${stored.baseUrl} and is at ${wanted.baseUrl} now: what was published before names the old address, and opens where that leads here (--port, --public-url)`,
      ]
  return [...address, ...keptSettings.flatMap((setting) => noticeOf(setting, stored, wanted))]
}

function noticeOf(
  { name, from, flag, to, undo }: KeptSetting,
  stored: ServerConfiguration,
  wanted: Partial<ServerConfiguration>,
): readonly string[] {
  const [before, after] = [JSON.stringify(stored[name]), JSON.stringify(wanted[name])]
  if (after === undefined || before === after) return []
  switch (from) {
    case 'made':
      return [`${flag} is ${before}, with which it was made, and stays so: ${after} would be that of a new one`]
    case 'added':
      return [`what ${flag} says is added to ${to}, and is kept: ${undo}`]
    case 'given':
      return [
        `${flag} was ${issuerOf(stored)} and is ${issuerOf(wanted)} from this start on, with the keys given: they are kept`,
      ]
    case 'once':
      return wanted[name] === true
        ? [`${flag} holds from this start on, whether it is given or not: there is no way back`]
        : []
    case 'start':
      return [`${flag} was ${before} and is ${after} from this start on: it holds for as long as it is given`]
  }
}

/** Its keys are long, and say nothing to people. */
function issuerOf({ tokenIssuer }: Partial<ServerConfiguration>): string {
  return tokenIssuer?.issuer ?? 'our own sign-in service'
}
