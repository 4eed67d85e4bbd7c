/** The command line: which commands there are, and how they end. */
import { Command, CommanderError } from 'commander'
import { commandLine } from '../command-line.js'
import { version } from '../version.js'
import { parsedFlags } from '../config/commander-options.js'
import type { AccessArguments, AdmitArguments } from './commands/access.js'
import type { AddClusterArguments } from './commands/servers.js'
import type { TokenArguments } from './commands/token.js'
import { add, settingsAndConfig, settingsOf, wantsJson } from './add-command.js'
import { addClientCommands } from './client-commands.js'
import { closing, commandGroups, exampleLines, hintFor } from './command-help.js'
import { endedBy, type Ended } from './failure.js'
import { addHealthcheck } from './healthcheck-command.js'
import { addLabCommands } from './lab-commands.js'
import { errorWidth, surviveClosedOutput } from './output.js'
import { ConfigPrinted } from './print-config.js'
import { surviveLostTerminal } from './lost-terminal.js'
import { folded } from './text-width.js'

/** Loaded when they run: help and wrong flags need no server, and answer at once. */
const commands = {
  balancer: () => import('./commands/balancer.js'),
  demo: () => import('./commands/demo.js'),
  explain: () => import('./commands/explain.js'),
  load: () => import('./commands/load.js'),
  manage: () => import('./commands/manage.js'),
  managementToken: () => import('./commands/management-token.js'),
  node: () => import('./commands/node.js'),
  printClient: () => import('./commands/print-client.js'),
  provision: () => import('./commands/provision.js'),
  scp: () => import('./commands/scp.js'),
  access: () => import('./commands/access.js'),
  servers: () => import('./commands/servers.js'),
  size: () => import('./commands/size.js'),
  status: () => import('./commands/status.js'),
  token: () => import('./commands/token.js'),
  up: () => import('./commands/up.js'),
}

function program(): Command {
  const root = new Command('rms-emulator')
  root
    .description(
      'Behaves like an installation of Microsoft Rights Management Services. For labs: every key is known to everybody.',
    )
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', () => `\nBegin with:\n  ${commandLine('demo')}\n  ${commandLine('up')}\n${closing(root)}`)
    .commandsGroup('Begin:')
    // What stands behind a command is of that one, where a command above it takes the same flags.
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ minWidthToWrap: 20, subcommandTerm })
  add(root, 'up', 'up', 'start an installation and say how to use it', ['up --data lab', 'up --port 0 --json']).action(
    async (_flags, command: Command) => {
      const [settings, config] = settingsAndConfig(command, 'up')
      await (await commands.up()).up(settings, config)
    },
  )
  add(root, 'status', 'status', 'show clusters and servers of a running installation, as their balancers see them', [
    'status',
    'status --watch',
    'status --manage http://127.0.0.1:7080 --json',
  ])
    .option('--watch', 'show it again when it changes, until Ctrl-C; with --json, a line for each change', false)
    .action(async (flags: { readonly watch: boolean }, command: Command) => {
      const settings = settingsOf(command, 'status')
      await (await commands.status()).status(settings, flags)
    })
  addHealthcheck(root)
  add(root, 'add-server', 'add-server', 'add a server to a cluster of a running installation', [
    'add-server root',
    'add-server licensing',
  ])
    .argument('<cluster>', 'name of the cluster')
    .action(async (cluster: string, _flags, command: Command) => {
      const settings = settingsOf(command, 'add-server')
      await (await commands.servers()).addServer(settings, cluster)
    })
  add(root, 'add-cluster', 'add-cluster', 'add a licensing-only cluster to a running installation', [
    'add-cluster legal',
    'add-cluster legal --nodes 2 --enrollment root',
    'add-cluster legal --extranet',
  ])
    .argument('<name>', 'name of the new cluster')
    .option('--nodes <N>', 'how many servers it begins with', '1')
    .option('--extranet [PORT]', 'a second listener, for the extranet; on the next free port unless told')
    .action(async (name: string, flags: AddClusterArguments, command: Command) => {
      const settings = settingsOf(command, 'add-cluster')
      await (await commands.servers()).addCluster(settings, name, flags)
    })
  add(root, 'remove-server', 'remove-server', 'let a server finish its requests and end it', [
    'remove-server root-2',
    'remove-server legal-1 --force',
  ])
    .argument('<id>', 'name of the server, as status shows it')
    .action(async (id: string, _flags, command: Command) => {
      const settings = settingsOf(command, 'remove-server')
      await (await commands.servers()).removeServer(settings, id)
    })
  add(root, 'remove-cluster', 'remove-server', 'remove a licensing-only cluster, with its servers and its key', [
    'remove-cluster legal --force',
  ])
    .argument('<name>', 'name of the cluster')
    .action(async (name: string, _flags, command: Command) => {
      const settings = settingsOf(command, 'remove-server')
      await (await commands.servers()).removeCluster(settings, name)
    })
  const endpointArgument = 'endpoint, such as subenrollservice or license'
  add(root, 'admit', 'add-server', 'let an account or group use an endpoint of a cluster', [
    `admit subenrollservice "CONTOSO\\rms-service"`,
    'admit license ANONYMOUS --cluster legal --restrict',
  ])
    .argument('<endpoint>', endpointArgument)
    .argument('<name>', 'account or group, by name or mail address; ANONYMOUS for everybody')
    .option('--cluster <NAME>', 'the cluster; the root unless told')
    .option('--restrict', 'also where everybody is admitted: nobody else is from then on')
    .action(async (endpoint: string, name: string, flags: AdmitArguments, command: Command) => {
      const settings = settingsOf(command, 'add-server')
      await (await commands.access()).admit(settings, endpoint, name, flags)
    })
  add(root, 'revoke', 'add-server', 'take an account or group from the access list of an endpoint', [
    `revoke subenrollservice "CONTOSO\\rms-service"`,
  ])
    .argument('<endpoint>', endpointArgument)
    .argument('<name>', 'account or group, as the list has it')
    .option('--cluster <NAME>', 'the cluster; the root unless told')
    .action(async (endpoint: string, name: string, flags: AccessArguments, command: Command) => {
      const settings = settingsOf(command, 'add-server')
      await (await commands.access()).revoke(settings, endpoint, name, flags)
    })
  add(root, 'drain', 'add-server', 'give a server no more requests, until resume', ['drain root-2'])
    .argument('<id>', 'name of the server, as status shows it')
    .action(async (id: string, _flags, command: Command) => {
      const settings = settingsOf(command, 'add-server')
      await (await commands.servers()).drainServer(settings, id)
    })
  add(root, 'resume', 'add-server', 'give a drained server requests again', ['resume root-2'])
    .argument('<id>', 'name of the server, as status shows it')
    .action(async (id: string, _flags, command: Command) => {
      const settings = settingsOf(command, 'add-server')
      await (await commands.servers()).resumeServer(settings, id)
    })
  add(root, 'management-token', 'status', 'print the management token of a running installation of this account', [
    'management-token',
  ]).action(async (_flags, command: Command) => {
    const settings = settingsOf(command, 'status')
    await (await commands.managementToken()).managementToken(settings)
  })
  add(root, 'access-token', 'token', 'make an access token of a named account for the REST services, and print it', [
    'access-token bob@contoso.test',
    'access-token bob@contoso.test --lifetime -60',
  ])
    .alias('token')
    .argument('<user>', 'account by name or mail address')
    .option('--audience <resource>', 'for whom it is; api.rms.rest.com when left out')
    .option('--lifetime <seconds>', 'how long it holds; an hour when left out, negative for one that has ended')
    .action(async (user: string, flags: TokenArguments, command: Command) => {
      const settings = settingsOf(command, 'token')
      await (await commands.token()).token(settings, user, flags)
    })
  add(root, 'add-extranet', 'add-server', 'give a cluster a second listener, for the extranet', [
    'add-extranet licensing',
    'add-extranet root --port 7443',
  ])
    .argument('<cluster>', 'name of the cluster')
    .option('--port <PORT>', 'its port; the next free one unless told')
    .action(async (cluster: string, flags: { port?: string }, command: Command) => {
      const settings = settingsOf(command, 'add-server')
      await (await commands.servers()).addExtranet(settings, cluster, flags.port)
    })
  add(root, 'remove-extranet', 'add-server', 'close the second listener of a cluster, when its requests are finished', [
    'remove-extranet licensing',
  ])
    .argument('<cluster>', 'name of the cluster')
    .action(async (cluster: string, _flags, command: Command) => {
      const settings = settingsOf(command, 'add-server')
      await (await commands.servers()).removeExtranet(settings, cluster)
    })
  add(
    root,
    'balancer',
    'balancer',
    'the front door of clusters: spreads requests over their nodes; SIGHUP reads the node list again',
    [
      'balancer --nodes nodes.json',
      'balancer --cluster root --port 7000 --nodes http://127.0.0.1:7080/clusters/root/nodes',
    ],
  ).action(async (_flags, command: Command) => {
    const settings = settingsOf(command, 'balancer')
    await (await commands.balancer()).balancer(settings)
  })
  add(root, 'node', 'node', 'one server: joins a cluster of the database and serves until it is stopped', [
    'node --cluster root --db lab/rms.sqlite --key-password TEXT',
  ]).action(async (_flags, command: Command) => {
    const [settings, config] = settingsAndConfig(command, 'node')
    await (await commands.node()).node(settings, config)
  })
  add(root, 'manage', 'manage', 'the management API alone, for an installation whose nodes are started elsewhere', [
    'manage --db lab/rms.sqlite --token TEXT',
  ]).action(async (_flags, command: Command) => {
    const [settings, config] = settingsAndConfig(command, 'manage')
    await (await commands.manage()).manage(settings, config)
  })
  const places = '--public-url http://rms.contoso.test --db lab/rms.sqlite'
  add(root, 'provision', 'provision', 'make a cluster in the database, without a server yet', [
    `provision root --cluster root ${places}`,
    `provision licensing --cluster legal ${places}`,
  ])
    .argument('<kind>', 'root or licensing')
    .action(async (kind: string, _flags, command: Command) => {
      const settings = settingsOf(command, 'provision')
      await (await commands.provision()).provision(settings, kind, flagsGiven(command))
    })
  const story = 'alice protects a file, bob opens it, mallory is refused: against a running server, or one of its own'
  add(root, 'demo', 'demo', story, ['demo', 'demo report.docx --server http://127.0.0.1:7000'])
    .argument('[file]', 'file to protect')
    .action(async (file: string | undefined, _flags, command: Command) => {
      const settings = settingsOf(command, 'demo')
      await (await commands.demo()).demo(settings, { file })
    })
  const hints =
    'print what a client needs to find and trust a running installation: a program, a settings file, a registry file'
  add(root, 'print-client', 'print-client', hints, [
    'print-client --for curl | sh',
    'print-client --for msipc > rms.reg',
  ]).action(async (_flags, command: Command) => {
    const settings = settingsOf(command, 'print-client')
    await (await commands.printClient()).printClient(settings)
  })
  add(root, 'explain', 'explain', 'say of a document or chain whether it is good, each check in order', [
    'explain rac.xrml',
    'explain report.txt.pfile --server http://127.0.0.1:7000/_wmcs',
    'explain - --json < answer.xml',
  ])
    .argument('<file>', 'XrML in any encoding, a SOAP message, or a protected file; - is standard input')
    .action(async (file: string, _flags, command: Command) => {
      const settings = settingsOf(command, 'explain')
      const { explainFile } = await commands.explain()
      if (!(await explainFile(settings, file))) process.exitCode = 1
    })
  addScpCommands(
    root.command('scp').description('the service connection point of the forest, by which the root cluster is found'),
  )
  addLabCommands(root)
  add(root, 'load', 'load', 'send load to a running installation, and report times, refusals and shares', [
    'load --rate 20 --duration 60',
    'load --shape spike --rate 100 --mix license=90 --mix certify=5 --mix publish=5',
  ]).action(async (_flags, command: Command) => {
    const settings = settingsOf(command, 'load')
    await (await commands.load()).load(settings)
  })
  add(root, 'size', 'size', 'say how many servers a load needs, by the published rule and by a model', [
    'size',
    'size --users 40000 --active 0.5 --items-per-hour 8 --within 500',
    'size --users 40000 --active 0.5 --items-per-hour 8 --verify --sweep --out report',
  ]).action(async (_flags, command: Command) => {
    const settings = settingsOf(command, 'size')
    await (await commands.size()).size(settings)
  })
  addClientCommands(root.command('client').description('the steps of an RMS client, one by one'))
  for (const [title, names] of commandGroups)
    for (const command of root.commands) if (names.includes(command.name())) command.helpGroup(`${title}:`)
  return root
}

function addScpCommands(scp: Command): void {
  scp.addHelpText('after', () => exampleLines(scp, ['scp show']))
  add(scp, 'show', 'scp', 'show it, and whether it is stale', [
    'scp show --json',
    'scp show --db lab/rms.sqlite',
  ]).action(async (_flags, command: Command) => (await commands.scp()).show(settingsOf(command, 'scp')))
  add(scp, 'move', 'scp', 'let it name another root cluster', ['scp move http://127.0.0.1:7000/_wmcs/certification'])
    .argument('<url>', 'certification URL of the root cluster')
    .action(async (url: string, _flags, command: Command) =>
      (await commands.scp()).move(settingsOf(command, 'scp'), url),
    )
  add(scp, 'remove', 'scp', 'remove a stale one, which keeps a new root cluster from being made', [
    'scp remove --db lab/rms.sqlite',
  ]).action(async (_flags, command: Command) => (await commands.scp()).remove(settingsOf(command, 'scp')))
}

/** As commander has it, but for flags that a command gets when it is asked for. */
function subcommandTerm(command: Command): string {
  const names = [command.name(), ...command.aliases()].join('|')
  if (command.commands.length > 0) return names
  return `${names} ${command.usage().replace(/^\[options\] ?/, '')}`.trimEnd()
}

/** What a node of the cluster has to be told as well. */
function flagsGiven(command: Command): readonly string[] {
  const flags = parsedFlags(command, 'provision')
  return ['db', 'db-password', 'db-password-file', 'key-password', 'key-password-file'].flatMap((name) =>
    flags[name] === undefined ? [] : [`--${name}`, String(flags[name])],
  )
}

export async function main(): Promise<void> {
  surviveClosedOutput()
  surviveLostTerminal()
  try {
    const root = program()
    await root.parseAsync(asHelpFlag(root, process.argv.slice(2)), { from: 'user' })
  } catch (error) {
    if (error instanceof ConfigPrinted) return
    if (!(error instanceof CommanderError)) {
      await tell(endedBy(error))
    } else if (error.exitCode !== 0) {
      // Commander has told people itself, but for what only we know.
      process.stderr.write(hintFor(error))
      tellPrograms(usageEnding(error))
    }
  }
}

/** `help up` is `up --help`; `help upp` is told as `upp` is. */
function asHelpFlag(root: Command, given: readonly string[]): readonly string[] {
  const [first, name, ...others] = given
  if (first !== 'help' || name === undefined || name.startsWith('-')) return given
  const isKnown = root.commands.some((command) => command.name() === name || command.aliases().includes(name))
  return isKnown ? [name, ...others, '--help'] : [name]
}

function usageEnding({ message }: CommanderError): Ended {
  return { exitCode: 2, ending: { event: 'usage', reason: message.replace(/^error: /, '') } }
}

async function tell(ended: Ended): Promise<void> {
  // Whoever started us with a channel has it from the line for programs, and tells it in its own words.
  const isTold = wantsJson() && process.connected
  if (!isTold) {
    process.stderr.write(`${folded(ended.ending.reason, errorWidth())}\n`)
    const { wayToTheReason } = await import('./way-to-the-reason.js')
    const way = await wayToTheReason(ended)
    // A command stands whole on its line: it is copied.
    if (way !== undefined) process.stderr.write(`${way}\n`)
  }
  tellPrograms(ended)
}

function tellPrograms({ ending, exitCode }: Ended): void {
  if (wantsJson()) process.stdout.write(`${JSON.stringify(ending)}\n`)
  process.exitCode = exitCode
}
