/**
 * Makes `partner/`: what another organization would send, a trusted user domain and a trusted publishing domain of a root cluster that nobody runs.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { provisionRoot } from '../src/cluster/provision.js'
import { loadServerState } from '../src/cluster/server-state.js'
import { openStore } from '../src/cluster/store/open.js'
import { systemClock as clock, systemRandom as random } from '../src/effects.js'
import { sealPublishingDomain } from '../src/administration/publishing-domain-file.js'

const folder = new URL('../../certs/partner/', import.meta.url)
const name = 'fabrikam'
const issued = new Date('2020-01-01T00:00Z')
/** Of the file; everything in certs/ is public. */
const password = 'Passw0rd!'

export async function makePartner(): Promise<void> {
  const store = await openStore(':memory:')
  const keyPassword = random.bytes(16).toString('hex')
  const baseUrl = 'https://rms.fabrikam.test/_wmcs'
  await provisionRoot(
    store,
    { name, baseUrl, keyPassword, mode: 2 },
    { clock: { ...clock, now: () => issued }, random },
  )
  const [cluster] = await store.clusters.list()
  if (cluster === undefined) throw new Error('The partner was not provisioned')
  const state = await loadServerState(store, name, keyPassword, 'openssl')
  const file = await sealPublishingDomain(cluster, state, password, random)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('licensor-certificate.xrml', folder), cluster.configuration.slc.join(''))
  writeFileSync(new URL('publishing-domain.json', folder), `${JSON.stringify(file, null, 2)}\n`)
  await store.close()
}
