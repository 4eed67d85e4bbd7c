/** What an administrator changes reaches the nodes of a cluster by their refresh, and by nothing else ([MS-RMPR] 3.1.1.2, 3.1.5). */
import t from 'tap'
import { callSoap } from '../../src/client/soap-caller.js'
import { refreshServerState } from '../../src/cluster/server-state.js'
import { seedPassword } from '../../src/directory/seed.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { child, descend } from '../../src/xml/read.js'
import { element, text } from '../../src/xml/write.js'
import { apiOver } from '../manage/api-app.js'
import { sharedDatabase } from './postgres.js'

const database = await sharedDatabase(t)
// An hour: none of them refreshes while this runs.
const settings = { configurationRefreshIntervalSeconds: 3600 }
const first = await startNode({ database, settings })
const second = await startNode({ database, provision: false, nodeId: 'root-2' })
const { app, call } = await apiOver(first.context.store)
t.teardown(async () => {
  await app.close()
  await second.close()
  await first.close()
})

const namespace = 'http://microsoft.com/DRM/ServerService'

/** What this very node tells of the extranet address. */
async function extranetAt({ url }: RunningNode): Promise<string> {
  const request = element('ServiceLocationRequest', {}, element('Type', {}, text('LicensingService')))
  const body = element('FindServiceLocations', { xmlns: namespace }, element('ServiceNames', {}, request))
  const credentials = { user: 'CONTOSO\\alice', password: seedPassword }
  const answer = await callSoap({
    url: `${url}/_wmcs/licensing/server.asmx`,
    namespace,
    operation: 'FindServiceLocations',
    body,
    credentials,
  })
  return child(child(descend(answer, 'FindServiceLocationsResult'), 'ServiceLocationResponse'), 'URL')?.text ?? ''
}

async function refresh({ context }: RunningNode): Promise<void> {
  context.setState(await refreshServerState(context.store, context.state()))
}

t.test('a change is acted on by a node from its refresh on, whatever the others do', async (t) => {
  const extranetLicensing = 'https://rms.contoso.example/_wmcs/licensing'
  t.equal((await call('PUT', '/clusters/root/urls', { extranetLicensing })).status, 200)
  t.same([await extranetAt(first), await extranetAt(second)], ['', ''])
  await refresh(second)
  t.same([await extranetAt(first), await extranetAt(second)], ['', extranetLicensing])
  await refresh(first)
  t.same([await extranetAt(first), await extranetAt(second)], [extranetLicensing, extranetLicensing])
})
