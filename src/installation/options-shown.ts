/** The options of startInstallation as they are shown: each with its value as text, and whether it was given. */
import type { SettingShown, StartedWith } from '../config/started-with.js'
import { defaultHeaderLimit } from '../http/header-limit.js'
import { schemeNames } from '../identity/schemes.js'
import { defaultJournalLimits } from '../node/journal.js'
import { defaultNodeOptions } from '../node/start.js'
import type { InstallationOptions } from './installation-options.js'

/** Nobody can read a function, and these are no settings. */
type Hearing = 'onLine' | 'onStart' | 'log' | 'signal'
type Shown = Exclude<keyof InstallationOptions, Hearing>

const hidden = '(hidden)'
/** Characters. */
const longest = 1000

/** Shown as nothing but that they were given. A database may be a URL with a password in it, a seed file has those of accounts. */
const secrets: readonly Shown[] = ['token', 'keyPassword', 'database']

/** What counts where nothing is given, in words where only the start knows. */
function defaults({ processes = false, data }: InstallationOptions): Readonly<Record<Shown, string>> {
  const folder = processes ? 'a temporary folder' : 'none: it is in memory'
  const inFolder = processes || data !== undefined
  return {
    processes: 'false',
    root: processes ? '2' : '1',
    licensing: processes ? JSON.stringify([{ name: 'licensing', nodes: 2 }]) : '',
    extranet: '',
    restart: 'true',
    host: defaultNodeOptions.host,
    port: 'any free one',
    manageHost: '127.0.0.1',
    managePort: 'any free one',
    token: 'none is asked for',
    publicUrl: 'where it listens',
    clusterUrls: '',
    mode: String(defaultNodeOptions.mode),
    engine: defaultNodeOptions.engine,
    signerThreads: processes ? '1 where a server has two cores or more' : String(defaultNodeOptions.signerThreads),
    data: folder,
    database: inFolder ? 'a file in the folder' : ':memory:',
    migrate: 'false',
    keyPassword: defaultNodeOptions.keyPassword,
    bodyLimit: String(defaultNodeOptions.bodyLimit),
    headerLimit: String(defaultHeaderLimit),
    trustedProxies: '',
    requestTimeoutMilliseconds: String(defaultNodeOptions.requestTimeoutMilliseconds),
    includeXrmlInLog: 'false',
    headerFaults: 'false',
    profile: '2016',
    requestLogRows: String(defaultNodeOptions.requestLogBound.rows),
    requestLogDays: String(defaultNodeOptions.requestLogBound.days),
    journal: JSON.stringify({ limits: defaultJournalLimits, secrets: false }),
    keepDocuments: 'false',
    spoolLimit: String(defaultNodeOptions.spoolLimit),
    tls: 'false',
    schemes: schemeNames.join(','),
    ntlmLevel: defaultNodeOptions.ntlmLevel,
    admit: '',
    oauthClients: '',
    lab: 'true',
    scopes: '0',
    scopeIdleSeconds: '600',
    seedFile: '',
    seed: 'unpredictable',
    clock: 'real',
    forest: 'contoso.test, or that of the folder or database',
    forestOf: '',
    settings: '',
  }
}

export function optionsShown(options: InstallationOptions): StartedWith {
  const given = options as Readonly<Record<string, unknown>>
  const settings = Object.entries(defaults(options)).map(([name, standard]): SettingShown => {
    const value = given[name]
    return value === undefined
      ? { name, value: standard, from: 'default' }
      : { name, value: shown(name, value), from: 'option' }
  })
  return { by: 'startInstallation', settings }
}

function shown(name: string, value: unknown): string {
  if (secrets.some((secret) => secret === name)) return hidden
  if (name === 'seedFile' && typeof value === 'object') return '(an object)'
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',')
  const text = typeof value === 'string' ? value : JSON.stringify(value, withoutSecrets)
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}

/** Of objects, whatever they have in them: tokens, passwords, keys. */
function withoutSecrets(name: string, value: unknown): unknown {
  return /(?:token|password|secret|^key|keys)$/i.test(name) ? hidden : value
}
