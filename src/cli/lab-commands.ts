/** The commands of the controls of the lab. */
import type { Command } from 'commander'
import { add, settingsOf } from './add-command.js'
import type { ExportArguments } from './commands/lab-export.js'
import type { JournalArguments } from './commands/lab-journal.js'
import { addScopeCommands } from './lab-scope-commands.js'
import { addSnapshotCommands } from './lab-snapshot-commands.js'
import { journalFilters } from './journal-filters.js'
import { requireKnownCommand } from './known-command.js'
import { addDocumentCommands } from './lab-document-commands.js'
import { addInstallationCommands, addServerCommands } from './lab-server-commands.js'

/** Loaded when they run. */
const loadLab = () => import('./commands/lab.js')
const loadState = () => import('./commands/lab-state.js')
const loadFaults = () => import('./commands/lab-faults.js')

export function addLabCommands(root: Command): void {
  const lab = add(root, 'lab', 'status', 'what a lab has and a product has not: show all that is set', [
    'lab',
    'lab clock advance P366D',
    'lab clear',
  ])
    .enablePositionalOptions()
    // Only to name the one that was meant.
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      requireKnownCommand(command, 'lab')
      await (await loadLab()).lab(settingsOf(command, 'status'))
    })
  const clock = add(lab, 'clock', 'status', 'show the clock of the forest, or set it', [
    'lab clock',
    'lab clock offset -PT5M',
    'lab clock frozen 2026-01-01T00:00:00Z',
    'lab clock step 2026-01-01T00:00:00Z PT1S',
    'lab clock advance P366D',
    'lab clock real',
  ])
    .argument('[mode...]', 'real; offset and a duration; frozen and an instant; step, an instant and a duration')
    .enablePositionalOptions()
    // A duration may begin with a hyphen.
    .allowUnknownOption()
    .action(async (_mode, _flags, command: Command) =>
      (await loadLab()).labClock(settingsOf(command, 'status'), command.args),
    )
  add(clock, 'advance', 'status', 'let time go by in the forest', ['lab clock advance P366D'])
    .argument('<duration>', 'of ISO 8601, such as PT5M, -PT30S or P366D')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_duration, _flags, command: Command) =>
      (await loadLab()).advanceLabClock(settingsOf(command, 'status'), command.args),
    )
  addFaultCommands(lab)
  addServerCommands(lab)
  addInstallationCommands(lab)
  const journal = add(lab, 'journal', 'status', 'show the last exchanges, and why they were refused', [
    'lab journal --follow',
    'lab journal --operation AcquireLicense --outcome Failed',
    'lab journal root-1.mim0x3ab-12',
    'lab journal root-1.mim0x3ab-12 --bodies',
    'lab journal root-1.mim0x3ab-12 --clear',
  ])
    .argument('[id]', 'one exchange, with request and answer')
    .option('--follow', 'go on with each exchange as it ends, until Ctrl-C', false)
    .option('--bodies', 'of one: long messages whole', false)
    .option('--clear', 'forget all exchanges, or the one that is named', false)
    .option('--limit <N>', 'the latest ones, so many', '20')
  for (const [name, about] of journalFilters) journal.option(`--${name} <TEXT>`, about)
  journal.action(async (id: string | undefined, flags: JournalArguments, command: Command) =>
    (await import('./commands/lab-journal.js')).labJournal(settingsOf(command, 'status'), id, flags),
  )
  add(lab, 'config', 'status', 'show what the installation was started with, and where each setting is from', [
    'lab config',
    'lab config --json',
  ]).action(async (_flags, command: Command) =>
    (await import('./commands/lab-config.js')).labConfig(settingsOf(command, 'status')),
  )
  addStateCommands(lab)
  addDocumentCommands(lab)
  add(lab, 'clear', 'status', 'end all that is set: everything is as in a product again', ['lab clear']).action(
    async (_flags, command: Command) => (await loadLab()).clearLab(settingsOf(command, 'status')),
  )
}

function addStateCommands(lab: Command): void {
  add(lab, 'export', 'status', 'write a seed file that starts an installation like the running one', [
    'lab export',
    'lab export lab.yaml',
  ])
    .argument('[file]', 'file to write; standard output when left out')
    .option('--force', 'write over what is there', false)
    .action(async (file: string | undefined, flags: ExportArguments, command: Command) =>
      (await import('./commands/lab-export.js')).labExport(settingsOf(command, 'status'), file, flags),
    )
  add(lab, 'reset', 'status', 'return to the state of the start; addresses and open connections stay', [
    'lab reset',
  ]).action(async (_flags, command: Command) => (await loadState()).resetLab(settingsOf(command, 'status')))
  add(lab, 'state-hash', 'status', 'show one word that is the same while nothing is different for clients', [
    'lab state-hash',
  ]).action(async (_flags, command: Command) => (await loadState()).showStateHash(settingsOf(command, 'status')))
  addSnapshotCommands(lab)
  addScopeCommands(lab)
}

function addFaultCommands(lab: Command): void {
  const faults = add(lab, 'faults', 'status', 'show the faults that are set; set one, or take one away', [
    'lab faults',
    'lab faults catalogue',
    'lab faults put gone template-deleted',
    `lab faults put slow '{"match":{"user":"bob@contoso.test"},"effect":{"delay":"PT2S"},"when":{"next":3}}'`,
    'lab faults remove gone',
  ])
    .enablePositionalOptions()
    .action(async (_flags, command: Command) => (await loadFaults()).listFaults(settingsOf(command, 'status')))
  add(faults, 'list', 'status', 'show the faults that are set', ['lab faults list']).action(
    async (_flags, command: Command) => (await loadFaults()).listFaults(settingsOf(command, 'status')),
  )
  add(faults, 'put', 'status', 'set a fault, in place of one of that name', [
    'lab faults put gone template-deleted',
    `lab faults put busy '{"effect":{"http":503},"when":{"every":5}}'`,
  ])
    .argument('<name>', 'what it is called from now on')
    .argument('<fault>', 'name of a ready fault, or JSON with match, effect and when')
    .action(async (name: string, fault: string, _flags, command: Command) =>
      (await loadFaults()).putFault(settingsOf(command, 'status'), name, fault),
    )
  add(faults, 'remove', 'status', 'end a fault, and say how many requests it matched', ['lab faults remove gone'])
    .argument('<name>', 'the name that it was put by')
    .action(async (name: string, _flags, command: Command) =>
      (await loadFaults()).removeFault(settingsOf(command, 'status'), name),
    )
  add(faults, 'catalogue', 'status', 'show the ready faults', ['lab faults catalogue']).action(
    async (_flags, command: Command) => (await loadFaults()).showCatalogue(settingsOf(command, 'status')),
  )
}
