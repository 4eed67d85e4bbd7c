/**
 * A child process of migration.test.ts: opens the database that its first argument names, and sends what became of it. With `hang` as the second one
 * it does all that an upgrade does, and stays in the middle: before the last step ends.
 */
import { Kysely } from 'kysely'
import { migrations } from '../../src/cluster/store/migrations.js'
import { openStore, type Upgraded } from '../../src/cluster/store/open.js'
import { postgresDialect } from '../../src/cluster/store/postgres.js'
import { schemaVersion, type Tables } from '../../src/cluster/store/schema.js'
import { copySqliteFile } from '../../src/cluster/store/sqlite-copy.js'
import { sqliteDialect } from '../../src/cluster/store/sqlite.js'
import { upgrade } from '../../src/cluster/store/upgrade.js'
import { systemClock as clock } from '../../src/effects.js'

const [location = '', what] = process.argv.slice(2)
if (what === 'hang') await hang()
else await open()

async function open(): Promise<void> {
  let upgraded: Upgraded | undefined
  const onUpgraded = (told: Upgraded): void => void (upgraded = told)
  const store = await openStore(location, { create: false, migrate: true, onUpgraded })
  const clusters = (await store.clusters.list()).length
  await store.close()
  process.send?.({ upgraded: upgraded ?? null, clusters })
}

async function hang(): Promise<void> {
  const isFile = !location.startsWith('postgres')
  const db = new Kysely<Tables>({ dialect: isFile ? await sqliteDialect(location) : await postgresDialect(location) })
  const last = schemaVersion - 1
  const hanging = new Map(migrations).set(last, async (transaction) => {
    await migrations.get(last)?.(transaction)
    process.send?.('in the middle')
    // Until it is killed.
    await new Promise(() => undefined)
  })
  const copy = async (): Promise<string> => copySqliteFile(location, '.copy')
  await upgrade(db, { clock, migrations: hanging, ...(isFile ? { copy } : {}) })
}
