/** The commands of the snapshots of the lab. */
import type { Command } from 'commander'
import { add, settingsOf } from './add-command.js'
import type { PasswordFlags } from './ask-password.js'
import { requireKnownCommand } from './known-command.js'

/** Loaded when they run. */
const load = () => import('./commands/lab-snapshots.js')

export function addSnapshotCommands(lab: Command): void {
  const snapshot = add(lab, 'snapshot', 'status', 'show the snapshots that are kept; take one, or return to it', [
    'lab snapshot take prepared',
    'lab snapshot restore prepared',
    'lab snapshot export prepared prepared.json --password-file FILE',
    'lab snapshot import prepared prepared.json --password-file FILE',
  ])
    .enablePositionalOptions()
    // Only to name the one that was meant.
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      requireKnownCommand(command, 'lab snapshot')
      await (await load()).listSnapshots(settingsOf(command, 'status'))
    })
  const named = (name: string, about: string, example: string): Command =>
    add(snapshot, name, 'status', about, [example]).argument('<name>', 'name of the snapshot')
  add(snapshot, 'list', 'status', 'show the snapshots that are kept', ['lab snapshot list']).action(
    async (_flags, command: Command) => (await load()).listSnapshots(settingsOf(command, 'status')),
  )
  named('take', 'keep the state of now, in place of that of the same name', 'lab snapshot take prepared').action(
    async (name: string, _flags, command: Command) => (await load()).takeSnapshot(settingsOf(command, 'status'), name),
  )
  named('restore', 'return to a snapshot, as lab reset to the start', 'lab snapshot restore prepared').action(
    async (name: string, _flags, command: Command) =>
      (await load()).restoreSnapshot(settingsOf(command, 'status'), name),
  )
  named('remove', 'keep a snapshot no longer', 'lab snapshot remove prepared').action(
    async (name: string, _flags, command: Command) =>
      (await load()).removeSnapshot(settingsOf(command, 'status'), name),
  )
  withPassword(
    named(
      'export',
      'write a snapshot into a file; its keys are sealed under a password',
      'lab snapshot export prepared prepared.json',
    )
      .argument('<file>', 'where it is written')
      .option('--force', 'write over what is there', false),
  ).action(async (name: string, file: string, flags: PasswordFlags & { force: boolean }, command: Command) =>
    (await load()).exportSnapshot(settingsOf(command, 'status'), { name, file, flags }),
  )
  withPassword(
    add(snapshot, 'import', 'status', 'keep the snapshot that is in a file, also of another installation', [
      'lab snapshot import prepared.json',
      'lab snapshot import prepared prepared.json',
    ])
      .argument('<name-or-file>', 'name of the snapshot, before the file; the one that the file says when left out')
      .argument('[file]', 'as lab snapshot export has written it'),
  ).action(async (first: string, second: string | undefined, flags: PasswordFlags, command: Command) =>
    (await load()).importSnapshot(settingsOf(command, 'status'), {
      name: second === undefined ? undefined : first,
      file: second ?? first,
      flags,
    }),
  )
}

function withPassword(command: Command): Command {
  return command
    .option('--password <TEXT>', 'password of the file; a terminal is asked for it')
    .option('--password-file <FILE>', 'a file that holds the password in its first line')
}
