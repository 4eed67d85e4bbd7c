/** `demo --rest`: the story as mobile devices live it, over REST, and across: what one side protects the other opens. */
import { AccessDenied, connectRest, type RestClient, type RestPolicy, type RmsClient } from '../../client/index.js'
import { seedPassword } from '../../directory/seed.js'
import { Failure } from '../failure.js'
import { requireRefusal, sha256, timed, type Story } from './demo.js'

interface RestStory extends Story {
  readonly rest: (user: string) => RestClient
}

export async function tellOverRest(story: Story, url: string, ca: string | undefined): Promise<void> {
  const domain = await story.domain()
  const known = new Map<string, RestClient>()
  const rest = (user: string): RestClient => {
    const client =
      known.get(user) ??
      connectRest({
        url,
        user: `${user}@${domain}`,
        password: seedPassword,
        ca,
        onStep: ({ server }) => void (server !== undefined && story.output.served.add(server)),
      })
    known.set(user, client)
    return client
  }
  const { output, file } = story
  output.note(`Protecting ${file.name}, ${file.bytes.length} bytes, sha256 ${file.sha256}`)
  for (const user of ['alice', 'bob', 'mallory']) {
    await timed(
      output,
      `${user} meets the challenge, signs in and finds the services`,
      () => rest(user).discover(),
      (services) => `${services.size} services`,
    )
  }
  const templates = await timed(
    output,
    'alice fetches the templates',
    () => rest('alice').templates(),
    (found) => `${found.length} templates`,
  )
  const template = templates.find(({ name }) => /read only/i.test(name))
  if (template === undefined)
    throw new Failure(
      'The server distributes no template "Read Only": this demo needs a server that rms-emulator started',
    )
  const bob = `bob@${domain}`
  const policies: readonly (readonly [string, RestPolicy])[] = [
    [
      'rights for bob',
      {
        rights: [{ to: bob, rights: ['VIEW', 'PRINT'] }],
        name: 'For bob',
        description: 'bob may read and print',
      },
    ],
    ['a role for bob', { roles: [{ to: bob, roles: ['VIEWER'] }] }],
    ['a template for staff', { templateId: template.id }],
  ]
  for (const [name, policy] of policies) {
    for (const cipherMode of ['CBC4K', 'ECB'] as const)
      await chapter({ ...story, rest }, `with ${name}, in ${cipherMode}`, policy, cipherMode)
  }
  await acrossFromSoap({ ...story, rest })
  output.words(
    { event: 'done', ok: true, sha256: file.sha256 },
    `\n${output.paint.good('Every byte came back, over REST and over SOAP, and mallory was refused every time.')}`,
  )
}

/** Protected over REST; bob and alice open it over REST, bob over SOAP too. */
async function chapter(story: RestStory, how: string, policy: RestPolicy, cipherMode: 'CBC4K' | 'ECB'): Promise<void> {
  const { output, file, rest, client } = story
  const pfile = await timed(output, `alice protects the file over REST ${how}`, () =>
    rest('alice').protectFile(file.bytes, file.extension, policy, { cipherMode }),
  )
  await opens(story, 'bob', 'over REST', rest('bob'), pfile)
  await opens(story, 'alice', 'over REST', rest('alice'), pfile)
  await opens(story, 'bob', 'over SOAP', client('bob'), pfile)
  await timed(
    output,
    'mallory tries over REST',
    () => requireDenial(rest('mallory'), pfile),
    (reason) => `refused: ${reason}`,
  )
  await timed(
    output,
    'mallory tries over SOAP',
    () => requireRefusal(client('mallory'), pfile),
    (reason) => `refused: ${reason}`,
  )
}

/** Protected over SOAP, offline and online; opened over REST. */
async function acrossFromSoap(story: RestStory): Promise<void> {
  const { output, file, rest, client } = story
  const policy = { rights: [{ to: `bob@${await story.domain()}`, rights: ['VIEW'] }] }
  for (const online of [false, true]) {
    const how = online ? 'online' : 'offline'
    const pfile = await timed(output, `alice protects the file over SOAP ${how}`, () =>
      client('alice').protectFile(file.bytes, file.extension, policy, { online }),
    )
    await opens(story, 'bob', 'over REST', rest('bob'), pfile)
    await timed(
      output,
      'mallory tries over REST',
      () => requireDenial(rest('mallory'), pfile),
      (reason) => `refused: ${reason}`,
    )
  }
}

async function opens(
  { output, file }: RestStory,
  reader: string,
  way: string,
  by: RestClient | RmsClient,
  pfile: Buffer,
): Promise<void> {
  const opened = await timed(
    output,
    `${reader} opens it ${way}`,
    () => by.openFile(pfile),
    (found) => `may ${found.rights.join(', ')}`,
  )
  if (sha256(opened.plain) !== file.sha256)
    throw new Failure(`The file that ${reader} opened has sha256 ${sha256(opened.plain)}, not ${file.sha256}`)
}

async function requireDenial(mallory: RestClient, pfile: Buffer): Promise<string> {
  try {
    await mallory.openFile(pfile)
  } catch (error) {
    if (error instanceof AccessDenied) return error.status
    throw error
  }
  throw new Failure('mallory opened the file: access control does not work')
}
