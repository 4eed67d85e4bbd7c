/** The commands of the client: its steps one by one. */
import type { Command } from 'commander'
import { add, settingsOf } from './add-command.js'
import { collect } from './collect.js'
import { exampleLines } from './command-help.js'
import type { OpenArguments, PublishArguments } from './commands/client.js'

/** Loaded when they run. */
const load = () => import('./commands/client.js')

export function addClientCommands(client: Command): void {
  client.addHelpText('after', () => exampleLines(client, ['client locate --server http://127.0.0.1:7000']))
  const step = (name: string, description: string, example: string): Command =>
    add(client, name, 'client', description, [`client ${name}${example}`])
  step('locate', 'ask where the services are', '').action(async (_flags, command: Command) =>
    (await load()).locate(settingsOf(command, 'client')),
  )
  step('certify', 'get an account certificate (RAC)', ' --user CONTOSO\\bob --data bob')
    .option('--temporary', 'a short-lived one')
    .action(async (flags: { temporary?: boolean }, command: Command) =>
      (await load()).certify(settingsOf(command, 'client'), flags),
    )
  step('clc', 'get a client licensor certificate (CLC)', ' --machine alice-pc-mode2').action(
    async (_flags, command: Command) => (await load()).clc(settingsOf(command, 'client')),
  )
  step('templates', 'list the rights policy templates', ' --json').action(async (_flags, command: Command) =>
    (await load()).templates(settingsOf(command, 'client')),
  )
  step('publish', 'protect a file', ' report.docx --to bob@contoso.test=VIEW,PRINT')
    .alias('protect')
    .argument('<file>', 'file to protect')
    .option(
      '--to <who=RIGHT,RIGHT>',
      'who may do what, such as bob@contoso.test=VIEW,PRINT; ANYONE for everybody; repeatable',
      collect,
    )
    .option('--template <name or GUID>', 'rights of a template instead')
    .option(
      '--any-right',
      'take rights that only an application of your own knows; otherwise an unknown name is refused',
    )
    .option('--from <INSTANT>', 'content begins then, such as 2030-01-01T00:00:00Z; at once when left out')
    .option('--until <INSTANT>', 'content ends then; one that has passed makes content that has ended')
    .option('--online', 'let the server sign the publishing license')
    .option('--out <file>', 'protected file; FILE.pfile when left out')
    .option('--force', 'write over a file that is there')
    .action(async (file: string, flags: PublishArguments, command: Command) =>
      (await load()).publish(settingsOf(command, 'client'), file, flags),
    )
  step('open', 'open a protected file', ' report.docx.pfile --user bob@contoso.test')
    .argument('<file>', 'protected file')
    .option('--out <file>', 'where the content goes')
    .option('--force', 'write over a file that is there')
    .action(async (file: string, flags: OpenArguments, command: Command) =>
      (await load()).open(settingsOf(command, 'client'), file, flags),
    )
  step('licenses', 'acquire use licenses for protected files, in one batch', ' a.pfile b.pfile --user bob@contoso.test')
    .argument('<files...>', 'protected files')
    .action(async (files: string[], _flags, command: Command) =>
      (await load()).licenses(settingsOf(command, 'client'), files),
    )
}
