/** `demo`: alice protects a file, bob opens it, mallory is refused; offline and online, by rights and by template. */
import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { connect, SoapFault, type RightsPolicy, type RmsClient, type SignIn } from '../../client/index.js'
import type { Settings } from '../../config/options.js'
import { seedPassword } from '../../directory/seed.js'
import { systemClock } from '../../effects.js'
import { exceptions } from '../../exceptions.js'
import { readCertificates } from '../certificates.js'
import { Failure } from '../failure.js'
import { readInput } from '../files.js'
import { mailDomainOf } from '../mail-domain.js'
import { createOutput, type Output } from '../output.js'
import { paintFor } from '../colors.js'
import { usualServer } from '../usual-addresses.js'
import type { Paint } from '../../explain/paint.js'
import { startOwnInstallation } from '../own-installation.js'
import { commandLine, shellWord } from '../../command-line.js'

/** Where the story is told, and what was told already. */
export interface StoryOutput extends Output {
  /** Servers that have answered in the step that runs. */
  readonly served: Set<string>
  readonly told: Set<string>
}

export interface Story {
  readonly output: StoryOutput
  readonly client: (user: string) => RmsClient
  /** What mail addresses of the forest end in. */
  readonly domain: () => Promise<string>
  readonly file: { readonly name: string; readonly bytes: Buffer; readonly extension: string; readonly sha256: string }
}

export interface DemoArguments {
  /** File to protect; a text of our own when left out. */
  readonly file: string | undefined
}

const sample = Buffer.from('Quarterly figures. For bob’s eyes, not for mallory’s.\n'.repeat(200))

export async function demo(settings: Settings<'demo'>, { file }: DemoArguments): Promise<void> {
  const output: StoryOutput = { ...createOutput(settings.json), served: new Set(), told: new Set() }
  const subject = await readSubject(file)
  const own =
    settings.server === undefined
      ? await timed(output, 'start a server of our own', () => startOwn(settings))
      : undefined
  const url = settings.server ?? own?.url ?? ''
  try {
    const ca = settings.ca === undefined ? own?.ca : await readCertificates(settings.ca)
    const client = clients(url, settings.signIn, ca, output)
    const domain = async (): Promise<string> => own?.ready.forest ?? (await mailDomainOf(client('alice')))
    const story = { output, client, domain, file: subject }
    if (settings.rest) await (await import('./demo-rest.js')).tellOverRest(story, url, ca)
    else await tell(story)
    if (!settings.json) process.stderr.write(`\n${nextStep(settings, await domain(), paintFor(process.stderr))}\n`)
  } finally {
    await own?.close()
  }
}

function startOwn(settings: Settings<'demo'>) {
  return startOwnInstallation(
    { port: 0, managePort: 0, mode: settings.cryptoMode, engine: settings.signer, tls: settings.tls },
    { exitCode: 130 },
  )
}

/** What the reader can do with what was shown. A command stands whole on its line: it is copied. */
function nextStep({ server, ca }: Settings<'demo'>, domain: string, { dim }: Paint): string {
  const trust = ca === undefined ? '' : ` --ca ${shellWord(ca)}`
  const commands =
    server === undefined
      ? [commandLine('up'), commandLine(`demo --server ${usualServer}`)]
      : [
          commandLine(`client publish FILE --to bob@${domain}=VIEW --server ${shellWord(server)}${trust}`),
          commandLine(`explain FILE.pfile --server ${shellWord(server)}${trust}`),
        ]
  return commands.map((command, index) => dim(`${index === 0 ? 'Next: ' : 'Then: '} ${command}`)).join('\n')
}

function clients(url: string, signIn: SignIn, ca: string | undefined, { served }: StoryOutput): Story['client'] {
  const known = new Map<string, RmsClient>()
  return (user) => {
    const client =
      known.get(user) ??
      connect({
        url,
        user,
        password: seedPassword,
        signIn,
        ...(ca === undefined ? {} : { ca }),
        onStep: ({ server }) => void (server !== undefined && served.add(server)),
      })
    known.set(user, client)
    return client
  }
}

async function readSubject(path: string | undefined): Promise<Story['file']> {
  const bytes = path === undefined ? sample : await readInput(path)
  return {
    name: path ?? 'a text of our own',
    bytes,
    extension: path === undefined ? '.txt' : extname(path),
    sha256: sha256(bytes),
  }
}

async function tell(story: Story): Promise<void> {
  const { output, file } = story
  output.note(`Protecting ${file.name}, ${file.bytes.length} bytes, sha256 ${file.sha256}`)
  for (const user of ['alice', 'bob', 'mallory']) {
    await timed(output, `${user} activates a machine, gets a RAC and a CLC`, () => story.client(user).bootstrap())
  }
  const forBob = {
    rights: [{ to: `bob@${await story.domain()}`, rights: ['VIEW', 'PRINT'] }],
    name: 'For bob',
    description: 'bob may read and print',
  }
  const templates = await timed(output, 'alice fetches the templates', () => story.client('alice').templates())
  const template = templates.find(({ texts }) => texts.some(({ name }) => /read only/i.test(name)))
  if (template === undefined)
    throw new Failure(
      'The server distributes no template "Read Only": this demo needs a server that rms-emulator started',
    )
  const policies: readonly (readonly [string, RightsPolicy])[] = [
    ['rights for bob', forBob],
    ['a template for staff', { template }],
  ]
  for (const online of [false, true]) {
    for (const [name, policy] of policies)
      await chapter(story, `${online ? 'online' : 'offline'}, with ${name}`, policy, online)
  }
  output.words(
    { event: 'done', ok: true, sha256: file.sha256 },
    `\n${output.paint.good('Every byte came back, and mallory was refused every time.')}`,
  )
}

async function chapter(story: Story, how: string, policy: RightsPolicy, online: boolean): Promise<void> {
  const { output, file, client } = story
  const pfile = await timed(output, `alice protects the file ${how}`, () =>
    client('alice').protectFile(file.bytes, file.extension, policy, { online }),
  )
  for (const reader of ['bob', 'alice']) {
    const opened = await timed(
      output,
      `${reader} opens it`,
      () => client(reader).openFile(pfile),
      (found) => `may ${found.rights.join(', ')}`,
    )
    if (sha256(opened.plain) !== file.sha256)
      throw new Failure(`The file that ${reader} opened has sha256 ${sha256(opened.plain)}, not ${file.sha256}`)
  }
  await timed(
    output,
    'mallory tries',
    () => requireRefusal(client('mallory'), pfile),
    (reason) => `refused: ${reason}`,
  )
}

/** The exception that mallory is refused with. @throws Failure when there is none */
export async function requireRefusal(mallory: RmsClient, pfile: Buffer): Promise<string> {
  try {
    await mallory.openFile(pfile)
  } catch (error) {
    if (error instanceof SoapFault && error.exceptionName === exceptions.NoRightsForRequestedPrincipal.name)
      return error.text
    throw error
  }
  throw new Failure('mallory opened the file: access control does not work')
}

/** One line for each step, with its time and what came of it. */
export async function timed<Result>(
  output: StoryOutput,
  step: string,
  work: () => Promise<Result>,
  tellResult?: (result: Result) => string,
): Promise<Result> {
  output.served.clear()
  const began = systemClock.monotonic()
  const milliseconds = (): number => Math.round(systemClock.monotonic() - began)
  const line = (mark: string, detail: string): string =>
    `${mark} ${String(milliseconds()).padStart(6)} ms  ${step}${detail === '' ? '' : `: ${detail}`}`
  try {
    const result = await work()
    const detail = tellResult?.(result) ?? ''
    const servers = [...output.served]
    const by = servers.length === 0 ? '' : output.paint.dim(` (${servers.join(', ')})`)
    const facts = { ...(detail === '' ? {} : { detail }), ...(servers.length === 0 ? {} : { servers }) }
    output.words(
      { event: 'step', step, ok: true, ms: milliseconds(), ...facts },
      `${line(output.paint.good('ok'), toldOnce(output, detail))}${by}`,
    )
    return result
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    output.words({ event: 'step', step, ok: false, ms: milliseconds(), detail }, line(output.paint.bad('no'), detail))
    throw error instanceof Failure ? error : new Failure(`The demo failed at "${step}": ${detail}`, undefined, error)
  }
}

/** A long reason is read once. */
function toldOnce({ told }: StoryOutput, detail: string): string {
  const [, before, reason = ''] = /^(refused: )(.*)$/s.exec(detail) ?? []
  if (before === undefined) return detail
  const isNew = !told.has(reason)
  told.add(reason)
  return isNew ? detail : 'refused, for the same reason'
}

/** In hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
