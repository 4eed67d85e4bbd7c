/** `lab explain`: the documents of a running installation, and what it says of others. */
import type { Settings } from '../../config/options.js'
import type { Explanation } from '../../explain/explanation.js'
import { printExplanation } from '../../explain/print.js'
import { readInputOrStandard } from '../files.js'
import { callManagement } from '../management-call.js'
import { createOutput } from '../output.js'

/** @returns whether every document is good and trusted */
export async function labExplain(settings: Settings<'status'>, file: string): Promise<boolean> {
  const output = createOutput(settings.json)
  const bytes = await readInputOrStandard(file)
  const explanation = (await callManagement(settings, { method: 'POST', path: '/lab/explain', bytes })) as Explanation
  output.words(explanation, printExplanation(explanation, output.paint))
  return explanation.firstProblem === undefined
}
