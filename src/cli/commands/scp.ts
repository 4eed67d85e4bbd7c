/** `scp`: the service connection point of the forest, in a running installation, or in a database on which none can start because of it. */
import { existsSync } from 'node:fs'
import type { Settings } from '../../config/options.js'
import { openStore, upgradedText, type Store } from '../../cluster/store/open.js'
import {
  moveServiceConnectionPoint,
  readServiceConnectionPoint,
  removeServiceConnectionPoint,
  type ServiceConnectionPoint,
} from '../../administration/service-connection-point.js'
import { databaseOf } from '../database.js'
import { Failure } from '../failure.js'
import { callManagement } from '../management-call.js'
import { createOutput, table, type Output } from '../output.js'

export async function show(settings: Settings<'scp'>): Promise<void> {
  const found = await inDatabaseOr(settings, readServiceConnectionPoint, async () => {
    const forest = (await callManagement(settings, { method: 'GET', path: '/forest' })) as {
      readonly serviceConnectionPoint: ServiceConnectionPoint
    }
    return forest.serviceConnectionPoint
  })
  say(createOutput(settings.json), found)
}

export async function move(settings: Settings<'scp'>, url: string): Promise<void> {
  if (!/^https?:\/\/[^\s/?#]+(?:\/[^\s/?#]+)*\/?$/i.test(url))
    throw new Failure(`"${url}" is no http(s) URL, such as http://127.0.0.1:7000/_wmcs/certification`, 2)
  const { force } = settings
  const moved = await inDatabaseOr(
    settings,
    async (store) => moveServiceConnectionPoint(store, url, force),
    async () =>
      (await callManagement(settings, {
        method: 'PUT',
        path: '/forest/scp',
        body: { url, force },
      })) as ServiceConnectionPoint,
  )
  say(createOutput(settings.json), moved)
}

export async function remove(settings: Settings<'scp'>): Promise<void> {
  const { force } = settings
  await inDatabaseOr(
    settings,
    async (store) => removeServiceConnectionPoint(store, force),
    async () => void (await callManagement(settings, { method: 'DELETE', path: `/forest/scp?force=${force}` })),
  )
  createOutput(settings.json).result({ event: 'removed' }, 'The forest has no service connection point now')
}

/** The database itself where it is named; the management API of a running installation otherwise. */
async function inDatabaseOr<Result>(
  settings: Settings<'scp'>,
  inDatabase: (store: Store) => Promise<Result>,
  byApi: () => Promise<Result>,
): Promise<Result> {
  const db = databaseOf(settings)
  if (db === undefined) return byApi()
  const isFile = !/^postgres(?:ql)?:/i.test(db)
  // Opening would make it.
  if (isFile && !existsSync(db.replace(/^sqlite:(?:\/\/)?/, '')))
    throw new Failure('--db names no file: give the database of an installation')
  const output = createOutput(settings.json)
  const store = await openStore(db, {
    migrate: settings.migrate,
    onUpgraded: (upgraded) => output.note(upgradedText(upgraded)),
  })
  try {
    if ((await store.forest.find()) === undefined)
      throw new Failure('There is no forest in this database: nothing was ever provisioned there. Is it the right one?')
    return await inDatabase(store)
  } finally {
    await store.close()
  }
}

const states: Readonly<Record<ServiceConnectionPoint['state'], (cluster: string | null) => string>> = {
  current: (cluster) => `current: it names the root cluster ${cluster}`,
  stale: (cluster) =>
    `stale: it names no cluster of this database${cluster === null ? '' : `, whose root is ${cluster}`}`,
  absent: () => 'absent: licensing-only clusters do not find a root',
}

function say(output: Output, found: ServiceConnectionPoint): void {
  output.result(
    found,
    table([
      ['service connection point', found.url ?? 'none'],
      ['state', states[found.state](found.cluster)],
    ]),
  )
}
