/** The commands of the lab that have to do with documents. */
import type { Command } from 'commander'
import { documentFaults } from '../lab/faults/document-fault.js'
import { add, settingsOf } from './add-command.js'
import { collect } from './collect.js'
import type { DocumentsArguments, IssueArguments } from './commands/lab-documents.js'
import { commandLine } from '../command-line.js'

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
  add(lab, 'documents', 'status', 'show the certificates and licenses that passed, or one of them', [
    'lab documents --kind UL --account bob',
    'lab documents 5a3c… --explain',
    'lab documents --clear',
  ])
    .argument('[hash]', 'one, with the certificates above it and what was issued with it')
    .option('--kind <KIND>', 'SPC, RAC, CLC, SLC, CA, PL, UL, template or unknown')
    .option('--account <NAME>', 'whom it is of: mail address, or the part before the @')
    .option('--guid <GUID>', 'of the content, or of the document itself')
    .option('--limit <N>', 'the latest ones, so many', '20')
    .option('--explain', 'of one: whether it is good, each check in order')
    .option('--raw', 'of one: its text')
    .option('--clear', 'forget those that are kept for good; the journal keeps its own')
    .action(async (hash: string | undefined, flags: DocumentsArguments, command: Command) => {
      if (!(await (await load()).labDocuments(settingsOf(command, 'status'), hash, flags))) process.exitCode = 1
    })
  add(lab, 'issue', 'status', 'make a certificate or license for somebody, rightly or wrongly on purpose', [
    'lab issue rac --account alice@contoso.test --out alice.xrml',
    `lab issue rac --account alice@contoso.test --wrong expired | ${commandLine('explain -')}`,
    'lab issue pl --account alice@contoso.test --to bob@contoso.test=VIEW,PRINT --out plan.pl',
    'lab issue ul --account bob@contoso.test --license plan.pl',
  ])
    .argument('<kind>', 'rac, clc, pl or ul')
    .requiredOption('--account <NAME>', 'whom it is for, of a pl the author: mail address, name or SID')
    .option('--wrong <WAY>', `in which way it is bad: ${documentFaults.join(', ')}`)
    .option('--cluster <NAME>', 'which cluster makes it; the root when left out')
    .option('--machine <NAME>', 'of certs/machines, for whom an account certificate is made')
    .option('--to <who=RIGHT,RIGHT>', 'of pl and ul: who may do what; ANYONE=VIEW when left out; repeatable', collect)
    .option('--any-right', 'take rights that nobody knows')
    .option('--template <name or GUID>', 'rights of a template instead')
    .option('--owner <NAME>', 'of ul: who is the author')
    .option('--license <FILE>', 'of ul: the publishing license that it is for; a new one when left out')
    .option('--out <FILE>', 'where the documents go; to standard output when left out')
    .option('--force', 'write over a file that is there')
    .action(async (kind: string, flags: IssueArguments, command: Command) =>
      (await load()).labIssue(settingsOf(command, 'status'), kind, flags),
    )
}
