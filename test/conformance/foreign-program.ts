/** Client programs in other languages: found or not, fed with JSON on standard input, answering in JSON. */
import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { labTrustRoot, openAccount, openLicense, readyMachine, verifyLicense } from '../../src/client/index.js'
import { openPublisher } from '../../src/client/index.js'
import { seedPassword } from '../../src/directory/seed.js'
import { readDocuments, readOneDocument } from '../../src/xrml/document.js'
import { readPl } from '../../src/xrml/pl.js'
import { hangs } from '../fixtures/until.js'
import type { Scene } from './scene.js'

/** What such a program prints: chains as texts, leaf first, in the form its XML library gives them. */
export interface ForeignResult {
  readonly rac: readonly string[]
  readonly clc: readonly string[]
  readonly ul: readonly string[]
  readonly maximum_version: string
  readonly fault: string
}

const machineName = 'bob-pc-mode2'

/** The first of these commands that succeeds: an interpreter that has what the program needs. */
export async function findInterpreter(
  candidates: readonly string[],
  probe: readonly string[],
): Promise<string | undefined> {
  for (const candidate of candidates) {
    const found = await promisify(execFile)(candidate, [...probe]).then(
      () => true,
      () => false,
    )
    if (found) return candidate
  }
  return undefined
}

/** Sources are not compiled: the program stands beside the TypeScript file, not beside the compiled one. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`../../../test/conformance/${name}`, import.meta.url))
}

/** Runs the program as bob, with alice's PL and with one that was changed behind its signature. */
export async function runForeign(interpreter: string, program: string, { node, pl }: Scene): Promise<ForeignResult> {
  return feedForeign(interpreter, [programPath(program)], { ...foreignInput(node.baseUrl, pl), user: 'CONTOSO\\bob' })
}

/** What such a program is to do as bob; `user` is to be added in the form that its library wants. */
export function foreignInput(url: string, pl: string) {
  const machine = readyMachine(machineName).chain.map((document) => document.text)
  return { url, password: seedPassword, machine, pl: [pl], changed_pl: [pl.replace('<ISSUEDTIME>2', '<ISSUEDTIME>1')] }
}

export async function feedForeign(command: string, args: readonly string[], input: object): Promise<ForeignResult> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: hangs })
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
    return text
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.stdin.end(JSON.stringify(input))
  const [out, errors, code] = await Promise.all([read(child.stdout), read(child.stderr), ended])
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${errors.slice(-2000)}${out.slice(-500)}`)
  return JSON.parse(out) as ForeignResult
}

/** Verifies every chain to the root, and opens the license with bob's key: the content key. */
export async function openForeign(
  { rac, clc, ul }: ForeignResult,
  pl: string,
): Promise<{ mail: string; contentKey: Buffer; rights: readonly string[] }> {
  const roots = [labTrustRoot(2)]
  const documents = (texts: readonly string[]) => readDocuments(texts.join(''))
  const account = await openAccount(documents(rac), readyMachine(machineName), roots)
  await openPublisher(documents(clc), account, roots)
  const leaf = readOneDocument(pl)
  const license = verifyLicense(
    documents(ul),
    { contentId: readPl(leaf).contentId, account: account.rac.account },
    roots,
  )
  const { contentKey, rights } = await openLicense(license, account, new Date(), leaf)
  return { mail: account.mail, contentKey: Buffer.from(contentKey.key), rights }
}
