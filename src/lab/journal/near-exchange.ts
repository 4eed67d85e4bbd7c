/** Near misses of a whole exchange: of what it was refused for, or of what never came to a service. */
import { nearest } from '../../config/nearest.js'
import { scopedPath } from '../../http/scoped-path.js'
import { clockInWords } from '../state.js'
import { pathOf } from './decision.js'
import type { Exchange, Refused } from './exchange.js'
import { nearAccounts } from './near-accounts.js'
import { mostNearMisses, type NearMiss, type NearMissSources } from './near-miss.js'
import { nearMissesOf } from './near-misses.js'

/** Everything but the clock, which is that of the exchange. */
export type LastingSources = Omit<NearMissSources, 'clock'>

/**
 * Looks for them once for each exchange, when somebody reads it.
 * @returns never rejects: where directory or database cannot be asked there are none
 */
export function nearMissFinder(sources: LastingSources): (exchange: Exchange) => Promise<readonly NearMiss[]> {
  const found = new WeakMap<Exchange, Promise<readonly NearMiss[]>>()
  return (exchange) => {
    const before = found.get(exchange)
    if (before !== undefined) return before
    const looking = look(exchange, sources).catch((): readonly NearMiss[] => [])
    found.set(exchange, looking)
    return looking
  }
}

async function look(exchange: Exchange, sources: LastingSources): Promise<readonly NearMiss[]> {
  const { refusals, answer, request } = exchange
  if (answer.status === 404 && refusals.length === 0) return nearPaths(pathOf(request.url), sources.paths)
  const all: NearMiss[] = []
  for (const refusal of refusals) {
    if (all.length >= mostNearMisses) break
    all.push(...(await ofRefusal(refusal, exchange, sources)))
  }
  return all.slice(0, mostNearMisses)
}

async function ofRefusal(
  { facts, exception, why }: Refused,
  exchange: Exchange,
  sources: LastingSources,
): Promise<readonly NearMiss[]> {
  const { clock, ended } = exchange
  const setting = clock.mode === 'real' ? undefined : clockInWords(clock)
  if (facts?.about !== undefined)
    return nearMissesOf(facts.about, { ...sources, clock: { setting, real: new Date(ended) } })
  return exception === '401' ? nearSignIn(exchange, why, sources) : []
}

/** Who tried to sign in with a password. What a response of NTLM or a token was about is in the reason. */
async function nearSignIn({ request }: Exchange, why: string, sources: LastingSources): Promise<readonly NearMiss[]> {
  const name = basicName(request.headers)
  if (name === undefined) return []
  const account = await sources.directory.accountByName(name)
  if (account?.enabled !== true) return nearAccounts(name, sources)
  return /access list/.test(why)
    ? [
        {
          kind: 'right person, closed endpoint',
          text: `${account.name} signed in well: put the account, or a group of it, on the access list`,
        },
      ]
    : [{ kind: 'wrong password', text: `${account.name} is there and enabled: the password is another one` }]
}

function basicName(headers: readonly string[]): string | undefined {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization')
  const [, encoded] = /^basic\s+(\S+)/i.exec(headers[at + 1] ?? '') ?? []
  if (at < 0 || encoded === undefined) return undefined
  return /^([^:]{1,256}):/.exec(Buffer.from(encoded, 'base64').toString('utf8'))?.[1]
}

function nearPaths(asked: string, paths: readonly string[]): readonly NearMiss[] {
  const last = (path: string): string => path.replace(/^.*\//, '').toLowerCase()
  const sameFile = paths.find((path) => last(path) === last(asked) && last(asked) !== '')
  const meant = sameFile ?? nearest((scopedPath(asked)?.rest ?? asked).slice(-64), paths)
  return meant === undefined ? [] : [{ kind: 'nearest path', text: `Did you mean ${meant}?` }]
}
