#!/usr/bin/env node
/** The command line: which commands there are, and how they end. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addOptions, loadCommand } from '../config/commander-options.js'
import { processEnvironment } from '../config/environment.js'
import { SettingsError } from '../config/load.js'
import type { CommandName, Settings } from '../config/options.js'
import { balancer } from './commands/balancer.js'
import { certify, clc, licenses, locate, open, publish, templates, type PublishArguments } from './commands/client.js'
import { demo } from './commands/demo.js'
import { explainFile } from './commands/explain.js'
import { status } from './commands/status.js'
import { up } from './commands/up.js'
import { Failure } from './failure.js'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }

function settingsOf<Name extends CommandName>(command: Command, name: Name): Settings<Name> {
  return loadCommand(command, name, processEnvironment()).settings
}

function program(): Command {
  const root = new Command('rms-emulator')
  root
    .description('Behaves like an installation of Microsoft Rights Management Services. For labs: every key is known to everybody.')
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
  addOptions(root.command('up'), 'up')
    .description('start an installation and say how to use it')
    .action(async (_flags, command: Command) => up(settingsOf(command, 'up')))
  addOptions(root.command('status'), 'status')
    .description('show clusters and nodes of a running installation')
    .action(async (_flags, command: Command) => status(settingsOf(command, 'status')))
  addOptions(root.command('balancer'), 'balancer')
    .description('the front door of clusters: spreads requests over their nodes; SIGHUP reads the node list again')
    .action(async (_flags, command: Command) => balancer(settingsOf(command, 'balancer')))
  addOptions(root.command('demo'), 'demo')
    .description('alice protects a file, bob opens it, mallory is refused: against a running server, or one of its own')
    .argument('[file]', 'file to protect')
    .action(async (file: string | undefined, _flags, command: Command) => demo(settingsOf(command, 'demo'), { file }))
  addOptions(root.command('explain'), 'explain')
    .description('say of a document or chain whether it is good, each check in order; - reads standard input')
    .argument('<file>', 'XrML in any encoding, a SOAP message, or a protected file')
    .action(async (file: string, _flags, command: Command) => {
      if (!(await explainFile(settingsOf(command, 'explain'), file))) process.exitCode = 1
    })
  addClientCommands(root.command('client').description('the steps of an RMS client, one by one'))
  return root
}

function addClientCommands(client: Command): void {
  const add = (name: string, description: string): Command => addOptions(client.command(name), 'client').description(description)
  add('locate', 'ask where the services are').action(async (_flags, command: Command) => locate(settingsOf(command, 'client')))
  add('certify', 'get an account certificate (RAC)')
    .option('--temporary', 'a short-lived one')
    .action(async (flags: { temporary?: boolean }, command: Command) => certify(settingsOf(command, 'client'), flags))
  add('clc', 'get a client licensor certificate (CLC)').action(async (_flags, command: Command) => clc(settingsOf(command, 'client')))
  add('templates', 'list the rights policy templates').action(async (_flags, command: Command) => templates(settingsOf(command, 'client')))
  add('publish', 'protect a file')
    .alias('protect')
    .argument('<file>', 'file to protect')
    .option('--to <who=RIGHT,RIGHT>', 'who may do what, such as bob@contoso.test=VIEW,PRINT; ANYONE for everybody; repeatable', collect)
    .option('--template <name or GUID>', 'rights of a template instead')
    .option('--online', 'let the server sign the publishing license')
    .option('--out <file>', 'protected file; FILE.pfile when left out')
    .action(async (file: string, flags: PublishArguments, command: Command) => publish(settingsOf(command, 'client'), file, flags))
  add('open', 'open a protected file')
    .argument('<file>', 'protected file')
    .option('--out <file>', 'where the content goes')
    .action(async (file: string, flags: { out?: string }, command: Command) => open(settingsOf(command, 'client'), file, flags))
  add('licenses', 'acquire use licenses for protected files, in one batch')
    .argument('<files...>', 'protected files')
    .action(async (files: string[], _flags, command: Command) => licenses(settingsOf(command, 'client'), files))
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** Every error of ours has a name of its own and a message that says all; a plain Error or TypeError shows its stack, because it is ours to mend. */
function isForPeople(error: Error): boolean {
  return 'code' in error || !['Error', 'TypeError', 'ReferenceError', 'SyntaxError'].includes(error.name)
}

async function main(): Promise<void> {
  try {
    await program().parseAsync(process.argv)
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2
      return
    }
    const known = error instanceof Error && isForPeople(error)
    process.stderr.write(`${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = error instanceof SettingsError ? 2 : error instanceof Failure ? error.exitCode : 1
  }
}

await main()
