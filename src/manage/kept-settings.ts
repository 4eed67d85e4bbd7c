/**
 * What a start does with a cluster that the database has already: the one table of settings that are kept, and of those that each start says anew. What
 * it changes is told, and so is what it cannot change.
 */
import { sameServiceUrl } from '../client/service-url.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { CryptoMode } from '../crypto/modes.js'

interface KeptSetting<Name extends keyof ServerConfiguration = keyof ServerConfiguration> {
  readonly name: Name
  /** `start`: as each start says, with the default where it says nothing. `made`: for life, as it was made with. `added`: a start adds to it. */
  readonly from: 'start' | 'made' | 'added'
  readonly flag: string
}

const keptSettings: readonly KeptSetting[] = [
  { name: 'cryptographicMode', from: 'made', flag: '--crypto-mode' },
  { name: 'admittedGroups', from: 'added', flag: '--admit' },
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
  wanted: Partial<ServerConfiguration> & { readonly baseUrl: string; readonly cryptographicMode: CryptoMode },
): readonly string[] {
  const address = sameServiceUrl(stored.baseUrl, wanted.baseUrl)
    ? []
    : [
        `it was at ${stored.baseUrl} and is at ${wanted.baseUrl} now: what was published before names the old address, and opens where that leads here (--port, --public-url)`,
      ]
  return [...address, ...keptSettings.flatMap((setting) => noticeOf(setting, stored, wanted))]
}

function noticeOf(
  { name, from, flag }: KeptSetting,
  stored: ServerConfiguration,
  wanted: Partial<ServerConfiguration>,
): readonly string[] {
  const [before, after] = [JSON.stringify(stored[name]), JSON.stringify(wanted[name])]
  if (after === undefined || before === after) return []
  switch (from) {
    case 'made':
      return [`${flag} is ${before}, with which it was made, and stays so: ${after} would be that of a new one`]
    case 'added':
      return [`what ${flag} says is added to its access lists, and is kept: rms-emulator revoke takes it away`]
    case 'start':
      return [`${flag} was ${before} and is ${after} from this start on: it holds for as long as it is given`]
  }
}
