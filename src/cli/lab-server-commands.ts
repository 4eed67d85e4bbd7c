/** The commands of the controls of single servers, and of all of them together. */
import type { Command } from 'commander'
import type { ServerControl } from '../lab/servers/controls.js'
import type { InstallationControl } from '../lab/servers/installation-controls.js'
import { add, settingsOf } from './add-command.js'
import { requireKnownCommand } from './known-command.js'

/** Loaded when they run. */
const load = () => import('./commands/lab-servers.js')

interface Ended {
  readonly end: boolean
}

/** Names of commands, what they set, and what that is. */
const switches: readonly (readonly [string, ServerControl, string])[] = [
  ['stale', 'stale', 'let a server go on with the configuration that it has, whatever is changed'],
  ['wrong-key-password', 'wrongKeyPassword', 'let a server have a wrong cluster key password: its services answer 500'],
  ['directory-away', 'directoryAway', 'let a server not reach the directory: it knows those alone whom it remembers'],
  ['unseen', 'unseen', 'let balancers take a server for one that is down'],
]

const durations: readonly (readonly [string, 'skew' | 'slow', string, string])[] = [
  ['skew', 'skew', 'let the clock of a server differ from that of the forest', '-PT5M'],
  ['slow', 'slow', 'let every answer of a server come later', 'PT2S'],
]

const ofAll: readonly (readonly [string, InstallationControl, string])[] = [
  ['database-away', 'databaseAway', 'let no server reach the database; management does'],
  ['log-queue-full', 'logQueueFull', 'let no server be able to keep what its request log has to say: none answers'],
]

export function addServerCommands(lab: Command): void {
  const server = add(lab, 'server', 'status', 'show what is set for each server; pause one, or let it be slow …', [
    'lab server',
    'lab server pause licensing-2',
    'lab server resume licensing-2',
    'lab server skew root-2 -PT10M',
  ])
    .enablePositionalOptions()
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      requireKnownCommand(command, 'lab server')
      await (await load()).listServers(settingsOf(command, 'status'))
    })
  const named = (name: string, about: string, example: string): Command =>
    add(server, name, 'status', about, [`lab server ${example}`]).argument('<id>', 'the server, as status shows it')
  const flip = (name: string, about: string, wanted: object): Command =>
    named(name, about, `${name} root-2`).action(async (id: string, _flags, command: Command) =>
      (await load()).changeServer(settingsOf(command, 'status'), id, wanted),
    )
  flip('pause', 'let a server take connections and answer nothing, until resume', { paused: true })
  flip('resume', 'let a paused server go on', { paused: false })
  for (const [name, control, about, value] of durations)
    named(name, about, `${name} root-2 ${value}`)
      .argument('[duration]', `of ISO 8601, such as ${value}`)
      .option('--end', 'end it', false)
      // A duration may begin with a hyphen.
      .allowUnknownOption()
      .action(async (id: string, duration: string | undefined, { end }: Ended, command: Command) =>
        (await load()).setServer(settingsOf(command, 'status'), id, control, end ? false : duration),
      )
  for (const [name, control, about] of switches)
    named(name, about, `${name} root-2`)
      .option('--end', 'end it', false)
      .action(async (id: string, { end }: Ended, command: Command) =>
        (await load()).setServer(settingsOf(command, 'status'), id, control, !end),
      )
  named('kill', 'kill the process of a server, as a power failure would; it is started again', 'kill root-2').action(
    async (id: string, _flags, command: Command) => (await load()).killServer(settingsOf(command, 'status'), id),
  )
  named('clear', 'end all that is set for a server', 'clear root-2').action(
    async (id: string, _flags, command: Command) => (await load()).clearServer(settingsOf(command, 'status'), id),
  )
}

export function addInstallationCommands(lab: Command): void {
  const installation = add(lab, 'installation', 'status', 'show what is set for all servers together, or set it', [
    'lab installation',
    'lab installation database-away',
    'lab installation database-away --end',
  ])
    .enablePositionalOptions()
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      requireKnownCommand(command, 'lab installation')
      await (await load()).showInstallation(settingsOf(command, 'status'))
    })
  for (const [name, control, about] of ofAll)
    add(installation, name, 'status', about, [`lab installation ${name}`, `lab installation ${name} --end`])
      .option('--end', 'end it', false)
      .action(async ({ end }: Ended, command: Command) =>
        (await load()).setInstallation(settingsOf(command, 'status'), control, !end),
      )
  add(installation, 'clear', 'status', 'end all that is set for all servers', ['lab installation clear']).action(
    async (_flags, command: Command) => (await load()).clearInstallation(settingsOf(command, 'status')),
  )
}
