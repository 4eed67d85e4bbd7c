/** `client …`: the steps of an RMS client one by one, against any running server. */
import { basename, extname, join } from 'node:path'
import {
  connect,
  machineOf,
  readProtectedFile,
  readyMachine,
  type Machine,
  type OwnRights,
  type RightsPolicy,
  type RmsClient,
} from '../../client/index.js'
import { requireKnownRights } from '../../client/rights-policy.js'
import type { Settings } from '../../config/options.js'
import { privateKeyFromPem } from '../../crypto/keys.js'
import { seedPassword } from '../../directory/seed.js'
import { systemClock } from '../../effects.js'
import { LabInputError } from '../../lab/input-error.js'
import { parseInstant } from '../../lab/instant.js'
import { readPl } from '../../xrml/pl.js'
import { formatTime } from '../../xrml/times.js'
import { readDocuments } from '../../xrml/document.js'
import { readCertificates } from '../certificates.js'
import { Failure } from '../failure.js'
import { readInput, requireFree, writeResult } from '../files.js'
import { createOutput, table, type Output } from '../output.js'
import { usualUser } from '../mail-domain.js'
import { rightsEntry } from '../rights-entry.js'
import { runningServer } from '../running-server.js'

type ClientSettings = Settings<'client'>

interface Task {
  readonly output: Output
  readonly client: RmsClient
}

/** Runs one step for the account of the settings. */
async function withClient(settings: ClientSettings, run: (task: Task) => Promise<void>): Promise<void> {
  const output = createOutput(settings.json)
  const machine = settings.machine === undefined ? undefined : await findMachine(settings.machine)
  const client = connect({
    url: settings.server ?? (await runningServer()),
    user: settings.user ?? usualUser,
    password: settings.password,
    signIn: settings.signIn,
    ...(settings.ca === undefined ? {} : { ca: await readCertificates(settings.ca) }),
    timeoutMilliseconds: settings.requestTimeout * 1000,
    ...(machine === undefined ? {} : { machine }),
    ...(settings.data === undefined ? {} : { folder: settings.data }),
    onStep: ({ name, ms }) => output.note(`${name}: ${Math.round(ms)} ms`),
  })
  await run({ output, client })
}

/**
 * Unless told, the server is the one that protected files name for their use licenses.
 * @throws Failure when that is another machine and the password is not the lab's, which everybody knows
 */
function atServerOf(files: readonly Buffer[], settings: ClientSettings): ClientSettings {
  const [first] = files
  if (settings.server !== undefined || first === undefined) return settings
  const [pl] = readProtectedFile(first).pl
  const server = pl === undefined ? undefined : readPl(pl).licensingUrl
  if (server === undefined || !URL.canParse(server)) return settings
  const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(server).hostname)
  if (!isHere && settings.password !== seedPassword)
    throw new Failure(
      `The file names the server ${server}, where your password would be sent. Give --server ${server} if that is right`,
      2,
    )
  return { ...settings, server }
}

const readyMachines = ['alice-pc-mode1', 'alice-pc-mode2', 'bob-pc-mode1', 'bob-pc-mode2'] as const

/** A ready-made machine by name, or a folder with spc.xrml and key.pem. */
async function findMachine(nameOrFolder: string): Promise<Machine> {
  if (/^[a-z0-9-]+$/.test(nameOrFolder)) {
    try {
      return readyMachine(nameOrFolder)
    } catch {
      throw new Failure(
        `There is no machine "${nameOrFolder}". Give one of ${readyMachines.join(', ')}, or a folder with spc.xrml and key.pem (such as ./${nameOrFolder})`,
        2,
      )
    }
  }
  const [spc, pem] = await Promise.all(['spc.xrml', 'key.pem'].map((name) => readInput(join(nameOrFolder, name))))
  return machineOf(readDocuments(String(spc)), privateKeyFromPem(String(pem)))
}

export function locate(settings: ClientSettings): Promise<void> {
  return withClient(settings, async ({ output, client }) => {
    const locations = await client.locations()
    output.result(locations, table(Object.entries(locations).map(([name, url]) => [name, String(url)])))
  })
}

export function certify(settings: ClientSettings, { temporary }: { readonly temporary?: boolean }): Promise<void> {
  return withClient(settings, async ({ output, client }) => {
    const { rac, chain, mail } = await client.certify({ persistent: temporary !== true })
    const { from, until } = rac.validity
    const facts = {
      mail,
      sid: rac.account.object?.id,
      from: formatTime(from),
      until: formatTime(until),
      keyBits: rac.account.publicKey?.bits,
    }
    output.result(
      { ...facts, chain: chain.map((document) => document.text) },
      table(Object.entries(facts).map(([name, value]) => [name, String(value)])),
    )
  })
}

export function clc(settings: ClientSettings): Promise<void> {
  return withClient(settings, async ({ output, client }) => {
    const { clc: certificate, chain } = await client.getClientLicensorCert()
    const facts = {
      account: certificate.account.object?.name,
      licensingUrl: certificate.licensingUrl,
      extranetLicensingUrl: certificate.extranetLicensingUrl ?? '',
    }
    output.result(
      { ...facts, chain: chain.map((document) => document.text) },
      table(Object.entries(facts).map(([name, value]) => [name, String(value)])),
    )
  })
}

export function templates(settings: ClientSettings): Promise<void> {
  return withClient(settings, async ({ output, client }) => {
    const found = await client.templates()
    const rows = found.flatMap(({ guid, texts }) =>
      texts.map(({ lcid, name, description }) => [guid, String(lcid), name, description]),
    )
    output.result({ templates: found.map(({ guid, hash, texts, text }) => ({ guid, hash, texts, text })) }, table(rows))
  })
}

export interface PublishArguments {
  /** `bob@contoso.test=VIEW,PRINT`, repeatable. */
  readonly to?: readonly string[]
  readonly template?: string
  readonly anyRight?: boolean
  /** Instants. */
  readonly from?: string
  readonly until?: string
  readonly online?: boolean
  readonly out?: string
  readonly force?: boolean
}

export interface OpenArguments {
  readonly out?: string
  readonly force?: boolean
}

export async function publish(settings: ClientSettings, file: string, wanted: PublishArguments): Promise<void> {
  const policy = policyOf(wanted)
  const out = wanted.out ?? `${file}.pfile`
  const target = { path: out, force: wanted.force === true, option: '--out FILE' } as const
  requireFree(target)
  const plain = await readInput(file)
  return withClient(settings, async ({ output, client }) => {
    const pfile = await client.protectFile(plain, extname(file), policy, { online: wanted.online === true })
    await writeResult(target, pfile)
    output.words({ file: out, bytes: pfile.length }, `${out}: ${pfile.length} bytes`)
    const now = systemClock.now()
    if (policy.validUntil !== undefined && policy.validUntil <= now)
      output.note('It has ended: servers give no licenses for it.')
    else if (policy.validFrom !== undefined && policy.validFrom > now)
      output.note('It has not begun: servers give no licenses for it before that.')
  })
}

type GivenPolicy = RightsPolicy & Pick<OwnRights, 'validFrom' | 'validUntil'>

function policyOf({ to = [], template, anyRight = false, from, until }: PublishArguments): GivenPolicy {
  if (template !== undefined && to.length > 0)
    throw new Failure('Give either --template or --to, not both: a template brings its own rights', 2)
  if (template !== undefined && (from ?? until) !== undefined)
    throw new Failure('Give either --template or --from and --until, not both: a template brings its own times', 2)
  if (template !== undefined) return { template }
  if (to.length === 0) throw new Failure('Say who may do what: --to bob@contoso.test=VIEW,PRINT, or --template NAME', 2)
  const policy = {
    rights: to.map(rightsEntry),
    anyRight,
    // Whoever writes an end that has passed wants content that has ended.
    anyTime: true,
    ...(from === undefined ? {} : { validFrom: instantOf(from, '--from') }),
    ...(until === undefined ? {} : { validUntil: instantOf(until, '--until') }),
  }
  requireKnownRights(policy)
  return policy
}

function instantOf(text: string, flag: string): Date {
  try {
    return parseInstant(text, flag)
  } catch (error) {
    if (error instanceof LabInputError) throw new Failure(error.message, 2)
    throw error
  }
}

export async function open(settings: ClientSettings, file: string, { out, force }: OpenArguments): Promise<void> {
  const bytes = await readInput(file)
  return withClient(atServerOf([bytes], settings), async ({ output, client }) => {
    const opened = await client.openFile(bytes)
    const path = out ?? `${basename(file).replace(/\.pfile$/i, '')}.opened${opened.extension}`
    await writeResult({ path, force: force === true, option: '--out FILE' }, opened.plain)
    output.words(
      { file: path, bytes: opened.plain.length, rights: opened.rights },
      `${path}: ${opened.plain.length} bytes, rights ${opened.rights.join(', ')}`,
    )
  })
}

export async function licenses(settings: ClientSettings, files: readonly string[]): Promise<void> {
  const contents = await Promise.all(files.map(readInput))
  return withClient(atServerOf(contents, settings), async ({ output, client }) => {
    const pls = contents.map((bytes) => readProtectedFile(bytes).pl)
    const results = await client.acquireLicenses(pls.map((chain) => chain.map((document) => document.text).join('')))
    const rows = results.map(({ license, error }, index) => {
      const detail = license === undefined ? (error?.message ?? 'refused') : license.ul.rights.join(', ')
      return {
        file: files[index] ?? '',
        ok: license !== undefined,
        detail,
        ...(license === undefined ? {} : { ul: license.ul.document.text }),
      }
    })
    output.result({ licenses: rows }, table(rows.map(({ file, ok, detail }) => [file, ok ? 'ok' : 'refused', detail])))
    const refused = results.find(({ error }) => error !== undefined)
    if (refused !== undefined) throw new Failure('Not every license was granted', undefined, refused.error)
  })
}
