/** `explain FILE`: says of any document or chain whether it is good, and if not, what is wrong first. */
import { explain } from '../../explain/explain.js'
import { printExplanation } from '../../explain/print.js'
import type { Settings } from '../../config/options.js'
import { systemClock } from '../../effects.js'
import { labTrustRoot } from '../../xrml/lab-hierarchy.js'
import { readInput } from '../files.js'
import { createOutput } from '../output.js'

/** @returns whether every document is good and the chain leads to the lab root */
export async function explainFile(settings: Settings<'explain'>, file: string): Promise<boolean> {
  const output = createOutput(settings.json)
  const bytes = file === '-' ? await readStandardInput() : await readInput(file)
  const explanation = explain(bytes, { trustRoots: [labTrustRoot(2), labTrustRoot(1)], now: systemClock.now() })
  output.result(explanation, printExplanation(explanation, output.paint))
  return explanation.firstProblem === undefined
}

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
