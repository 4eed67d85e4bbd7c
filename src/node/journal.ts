/** The journal of this node, and what it looks through for near misses: the directory, the clusters of the installation, the paths that are served. */
import type { Logger } from 'pino'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { Store } from '../cluster/store/open.js'
import type { Clock, Timers } from '../effects.js'
import { documentKeeper, type DocumentKeeper } from '../lab/documents/keeper.js'
import { journalControl, type JournalControlOptions } from '../lab/journal/control.js'
import type { LabControl } from '../lab/exchange.js'
import { nearMissFinder } from '../lab/journal/near-exchange.js'
import type { KnownCluster } from '../lab/journal/near-miss.js'
import { createNodeJournal, type NodeJournal } from '../lab/journal/node-journal.js'
import type { RingLimits } from '../lab/journal/ring.js'
import { knownUrls } from '../services/rest/addresses.js'
import { readDocuments } from '../xrml/document.js'
import { restOperations, roles } from './roles.js'

export interface JournalOptions {
  readonly limits: RingLimits
  /** Secrets are shown as they travelled. */
  readonly secrets: boolean
}

export const defaultJournalLimits: RingLimits = { bytes: 32 * 1024 * 1024, entries: 1000 }

interface Parts {
  readonly nodeId: string
  readonly cluster: string
  /** Of the machine. */
  readonly clock: Clock
  readonly timers: Timers
  readonly store: Store
  readonly log: Logger
}

interface Wanted {
  /** Undefined: none is kept. */
  readonly journal?: JournalOptions | undefined
  /** Whether the documents of exchanges are kept for good. */
  readonly keepDocuments: boolean
}

export interface Keeping {
  readonly journal: NodeJournal | undefined
  readonly documents: DocumentKeeper | undefined
  readonly control: readonly LabControl[]
}

export function startKeeping({ journal: options, keepDocuments }: Wanted, parts: Parts): Keeping {
  const journal = options && startJournal(options, parts)
  const documents = keepDocuments ? startDocuments(parts) : undefined
  const both = keepingBoth(journal, documents)
  return {
    journal,
    documents,
    control: both === undefined ? [] : [journalControl({ journal: both, clock: parts.clock })],
  }
}

type Adding = JournalControlOptions['journal']

/** One watches each exchange for both of them. */
function keepingBoth(journal: Adding | undefined, documents: Adding | undefined): Adding | undefined {
  if (journal === undefined || documents === undefined) return journal ?? documents
  return {
    add: (ended, asked, answered) => {
      journal.add(ended, asked, answered)
      documents.add(ended, asked, answered)
    },
  }
}

function startDocuments({ nodeId, timers, store, log }: Parts): DocumentKeeper {
  return documentKeeper({
    node: nodeId,
    shelf: store.keptDocuments,
    timers,
    onTrouble: (err) =>
      log.warn(
        { err },
        'documents cannot be kept in the database: they wait in memory until it takes them, or this server ends',
      ),
    onFull: () =>
      log.error('too many documents wait for the database: those that come meanwhile are not kept for good'),
  })
}

function startJournal({ limits, secrets }: JournalOptions, { nodeId, cluster, clock, store, log }: Parts): NodeJournal {
  const began = clock.now().getTime()
  return createNodeJournal({
    limits,
    telling: { node: nodeId, cluster, secrets },
    boot: began.toString(36),
    began,
    nearMisses: nearMissFinder({
      directory: store.directory,
      accounts: () => store.directory.listAccounts({ limit: mostAccounts }),
      clusters: () => knownClusters(store, cluster),
      paths: servedPaths(),
    }),
    onNoMemory: (err) =>
      log.error(
        { err, bytes: limits.bytes },
        'there is no memory for the journal: it keeps nothing until this server is started again, with a smaller journal or more memory',
      ),
  })
}

/** A name that is like another one is looked for among so many. */
const mostAccounts = 2000

async function knownClusters(store: Store, own: string): Promise<readonly KnownCluster[]> {
  const rows = await store.clusters.list()
  return Promise.all(
    rows.map(async ({ name, configuration }) => ({
      name,
      isOwn: name === own,
      mode: configuration.cryptographicMode,
      ...licensorOf(configuration),
      urls: knownUrls(configuration),
      templates: (await store.templates.list(name)).map(({ guid, state, changed }) => ({ guid, state, changed })),
      excluded: configuration.excludedAccounts,
    })),
  )
}

function licensorOf({ slc }: ServerConfiguration): Pick<KnownCluster, 'id' | 'key'> {
  const principal = readDocuments(slc.join(''))[0]?.body.issuedPrincipal
  return { id: principal?.object?.id ?? '', key: principal?.publicKey?.modulus ?? '' }
}

/** Of all kinds of cluster: at a licensing-only one a path of the root is near, and said. */
function servedPaths(): readonly string[] {
  const soap = Object.values(roles).flatMap((endpoints) => endpoints.map(({ path }) => `/_wmcs${path}`))
  return [...new Set([...soap, ...restOperations.map(({ path }) => `/my/v2${path}`)])]
}
