/** The commands of the lab that have to do with documents. */
import type { Command } from 'commander'
import { add, settingsOf } from './add-command.js'

/** Loaded when they run. */
const load = () => import('./commands/lab-documents.js')

export function addDocumentCommands(lab: Command): void {
  add(lab, 'explain', 'status', 'explain, at an installation: policies are opened where a cluster has the key', [
    'lab explain report.txt.pfile',
    'lab explain - --json < answer.xml',
  ])
    .argument('<file>', 'XrML in any encoding, a SOAP message, or a protected file; - is standard input')
    .action(async (file: string, _flags, command: Command) => {
      if (!(await (await load()).labExplain(settingsOf(command, 'status'), file))) process.exitCode = 1
    })
}
