/** `lab config`: what a running installation was started with, and what servers have otherwise that were started by hand. */
import type { ConfigReading } from '../../administration/lab/config.js'
import type { Settings } from '../../config/options.js'
import { callManagement } from '../management-call.js'
import { createOutput } from '../output.js'
import { configTable } from '../print-config.js'

export async function labConfig(settings: Settings<'status'>): Promise<void> {
  const output = createOutput(settings.json)
  const found = (await callManagement(settings, { method: 'GET', path: '/lab/config' })) as ConfigReading
  for (const { text } of found.gaps) output.note(text)
  const servers = found.servers.map(
    ({ node, settings: own }) =>
      `\n\n${output.paint.strong(`${node}, started by hand`)}\n${own.length === 0 ? 'All settings are as above.' : configTable(own)}`,
  )
  output.result(found, `${configTable(found.settings)}${servers.join('')}`)
}
