/** The controls of the lab: a file for each noun. */
import type { FastifyInstance } from 'fastify'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import { issuingOffice } from '../../../administration/lab/issuing-office.js'
import { clearLab, readLab } from '../../../administration/lab/lab.js'
import { problem } from '../../../administration/problem.js'
import { endpointPaths } from '../../../node/roles.js'
import { servedNames } from '../../../node/served.js'
import type { ManagementApi } from '../management-api.js'
import { answers } from '../schemas.js'
import { registerClock } from './clock.js'
import { registerConfig } from './config.js'
import { registerDocuments } from './documents.js'
import { registerExplain } from './explain.js'
import { registerExport } from './export.js'
import { registerFaults } from './faults.js'
import { registerIssue } from './issue.js'
import { registerJournal } from './journal.js'
import { registerInstallationControls, registerServerControls } from './servers.js'
import { clockReading, notEverywhere, randomSeed, tags, toldServers } from './schemas.js'
import { registerScopes } from './scopes.js'
import { registerSnapshots } from './snapshots.js'
import { registerState } from './state.js'
import { tellChanges } from './tell-changes.js'

/** Nothing of it is there when the installation was started with --no-lab. */
export function registerLabControls(app: FastifyInstance, api: ManagementApi): void {
  const { lab: office } = api
  if (office === undefined) {
    const refused = (): never =>
      problem(404, 'There are no controls of a lab here: the installation was started with --no-lab')
    for (const url of ['/lab', '/lab/*']) app.all(url, { schema: { hide: true } }, refused)
    return
  }
  tellChanges(app, office)
  registerLab(app, office)
  registerConfig(app, office, api.config)
  registerClock(app, office)
  registerFaults(app, { ...office, served: servedNames() })
  registerServerControls(app, office)
  registerInstallationControls(app, office)
  registerJournal(app, office)
  registerState(app, office)
  registerExport(app, { store: api.store, lab: office, served: servedNames(), endpoints: endpointPaths })
  registerSnapshots(app, office)
  const issuing = issuingOffice(api)
  registerExplain(app, issuing)
  registerDocuments(app, office, issuing)
  registerIssue(app, issuing)
  registerScopes(app, api.scopes)
}

const words = { type: 'array', items: { type: 'string' } } as const
/** By name; what each is say the routes of its own. */
const byName = { type: 'object', additionalProperties: true } as const

function registerLab(app: FastifyInstance, office: LabOffice): void {
  const reading = {
    description: 'All that is set',
    type: 'object',
    properties: {
      version: { type: 'integer', description: 'Goes up with each change' },
      active: { ...words, description: 'Each in a few words; none when all is as in a product' },
      clock: clockReading,
      faults: byName,
      servers: byName,
      installation: { type: 'object', additionalProperties: true, description: 'What is set for all servers' },
      seed: randomSeed,
    },
  } as const
  app.get(
    '/lab',
    { schema: { tags, summary: 'All that is set in the lab', response: answers({ 200: reading }) } },
    async () => readLab(office),
  )
  const cleared = {
    description: 'What ended',
    type: 'object',
    properties: { ended: words, nodes: toldServers },
  } as const
  app.delete(
    '/lab',
    {
      schema: {
        tags,
        summary: 'End every control of the lab',
        description: 'The clock is real again, faults are gone, servers are as in a product.',
        response: { ...answers({ 200: cleared }), ...notEverywhere },
      },
    },
    async () => clearLab(office),
  )
}
