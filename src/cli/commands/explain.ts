/** `explain FILE`: says of any document or chain whether it is good, and if not, what is wrong first. */
import { connect, readProtectedFile } from '../../client/index.js'
import { explain } from '../../explain/explain.js'
import { printExplanation } from '../../explain/print.js'
import type { Settings } from '../../config/options.js'
import { systemClock } from '../../effects.js'
import { labTrustRoot } from '../../xrml/lab-hierarchy.js'
import { readPl } from '../../xrml/pl.js'
import { readCertificates } from '../certificates.js'
import { paintFor } from '../colors.js'
import { readInputOrStandard } from '../files.js'
import { usualUser } from '../mail-domain.js'
import { createOutput, type Output } from '../output.js'
import { usualServer } from '../usual-addresses.js'
import { commandLine, shellWord } from '../../command-line.js'

/** @returns whether every document is good and the chain leads to the lab root */
export async function explainFile(settings: Settings<'explain'>, file: string): Promise<boolean> {
  const output = createOutput(settings.json)
  const bytes = await readInputOrStandard(file)
  const certificates = settings.server === undefined ? [] : await chainOf({ ...settings, server: settings.server })
  const explanation = explain(bytes, { trustRoots, now: systemClock.now(), certificates })
  output.words(explanation, printExplanation(explanation, output.paint))
  if (settings.server === undefined && explanation.documents.some(({ kind }) => kind === 'PL') && !explanation.trust.ok)
    tellOfServer(output, file, bytes)
  return explanation.firstProblem === undefined
}

/** A command stands whole on its line: it is copied. */
function tellOfServer(output: Output, file: string, bytes: Buffer): void {
  if (output.json) return
  output.note('A protected file does not hold the chain of its server. With it:')
  const { dim } = paintFor(process.stderr)
  process.stderr.write(
    `${dim(commandLine(`explain ${shellWord(file)} --server ${shellWord(serverIn(bytes) ?? usualServer)}`))}\n`,
  )
}

/** The server that a protected file is licensed by; undefined where there is no such file. */
function serverIn(bytes: Buffer): string | undefined {
  try {
    const [pl] = readProtectedFile(bytes).pl
    return pl === undefined ? undefined : readPl(pl).licensingUrl
  } catch {
    return undefined
  }
}

const trustRoots = [labTrustRoot(2), labTrustRoot(1)]

/** The licensor certificate of the server, and those above it. */
async function chainOf({ server: url, user, password, ca }: Asked): Promise<readonly string[]> {
  const trusted = ca === undefined ? {} : { ca: await readCertificates(ca) }
  const { slcChain } = await connect({ url, user: user ?? usualUser, password, ...trusted }).serverInfo()
  return slcChain.map((document) => document.text)
}

interface Asked extends Settings<'explain'> {
  readonly server: string
}
