/** The commands of scopes. */
import type { Command } from 'commander'
import { add, settingsOf } from './add-command.js'
import { requireKnownCommand } from './known-command.js'

/** Loaded when they run. */
const load = () => import('./commands/lab-scopes.js')

export function addScopeCommands(lab: Command): void {
  const scopes = add(lab, 'scopes', 'status', 'show the scopes: forests of their own at /f/NAME; make or remove one', [
    'lab scopes',
    'lab scopes put suite-a',
    'lab faults put gone template-deleted --scope suite-a',
    'lab scopes remove suite-a',
  ])
    .enablePositionalOptions()
    // Only to name the one that was meant.
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      requireKnownCommand(command, 'lab scopes')
      await (await load()).listScopes(settingsOf(command, 'status'))
    })
  const named = (name: string, about: string): Command =>
    add(scopes, name, 'status', about, [`lab scopes ${name} suite-a`]).argument('<name>', 'name of the scope')
  add(scopes, 'list', 'status', 'show the scopes that there are', ['lab scopes list']).action(
    async (_flags, command: Command) => (await load()).listScopes(settingsOf(command, 'status')),
  )
  named('put', 'make a scope, unless it is there').action(async (name: string, _flags, command: Command) =>
    (await load()).putScope(settingsOf(command, 'status'), name),
  )
  named('remove', 'remove a scope with all that is in it').action(async (name: string, _flags, command: Command) =>
    (await load()).removeScope(settingsOf(command, 'status'), name),
  )
  add(scopes, 'clear', 'status', 'remove all scopes', ['lab scopes clear']).action(async (_flags, command: Command) =>
    (await load()).clearScopes(settingsOf(command, 'status')),
  )
}
