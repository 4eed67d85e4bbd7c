/** `lab export`: a seed file of a running installation. */
import type { SeedExport } from '../../administration/seed-file/export.js'
import { writeResult } from '../files.js'
import { callManagement, type ManagementSettings } from '../management-call.js'
import { createOutput } from '../output.js'
import { commandLine, shellWord } from '../../command-line.js'

export interface ExportArguments {
  readonly force: boolean
}

/** @param path file to write; standard output when left out */
export async function labExport(
  settings: ManagementSettings & { readonly json: boolean },
  path: string | undefined,
  { force }: ExportArguments,
): Promise<void> {
  const output = createOutput(settings.json)
  const exported = (await callManagement(settings, { method: 'GET', path: '/lab/export?format=json' })) as SeedExport
  const { seedFileText } = await import('../../administration/seed-file/write.js')
  const text = seedFileText(exported)
  if (path === undefined) return output.result(exported, text.trimEnd())
  // It has the passwords of accounts.
  await writeResult({ path, force, isSecret: true }, Buffer.from(text, 'utf8'))
  const { leftOut } = exported
  const missing = leftOut.map((what) => `\n- without ${what}`).join('')
  output.words(
    { event: 'exported', path, leftOut },
    `${path} is written. An installation like this one is started by ${commandLine(`up --seed-file ${shellWord(path)}`)}${missing}`,
  )
}
