/**
 * What the pages of the management API begin with, in the order of the pages: whoever executes one after the other on a fresh
 * installation sees each succeed. The last thing that is made in a section is what is removed there.
 */
import type { LabOffice } from '../administration/lab/ask-server.js'
import { listDocuments } from '../administration/lab/documents.js'
import { isJournalKept, journalDesk, readJournal } from '../administration/lab/journal.js'
import type { Store } from '../cluster/store/open.js'
import type { Forest } from '../directory/directory.js'
import { inForest } from '../directory/forest.js'
import { seedForest, seedPassword } from '../directory/seed.js'
import { labPartner, labTrustRoot } from '../xrml/lab-hierarchy.js'
import { readDocuments } from '../xrml/document.js'
import { keyId } from '../administration/key-id.js'

export interface Prefilled {
  /** Values of parameters in the path and the query, by name. */
  readonly parameters?: Readonly<Record<string, string | boolean>>
  readonly body?: unknown
  /** What has to be there before it succeeds, for people. */
  readonly note?: string
  /** It needs what only its user has, or what this installation keeps none of, and is not on the pages; the OpenAPI document has it. */
  readonly isLeftOut?: true
}

/** Of the installation as it is when the page is opened. */
export interface Present {
  readonly forest: Forest
  readonly certificationUrl: string
  readonly template: string
  readonly hasJournal: boolean
  /** Id of the latest in the journal; undefined while it is empty. */
  readonly exchange: string | undefined
  /** Hash of the latest document in it. */
  readonly document: string | undefined
}

/**
 * @param office undefined: there is no lab
 * @throws DatabaseAway
 */
export async function readPresent(store: Store, office: LabOffice | undefined): Promise<Present> {
  const root = (await store.clusters.list()).find(({ kind }) => kind === 'root')
  const templates = root === undefined ? [] : await store.templates.list(root.name)
  const exchange = office && (await latestExchange(office))
  return {
    forest: (await store.forest.find()) ?? seedForest,
    certificationUrl: `${root?.configuration.baseUrl ?? 'http://127.0.0.1:7000/_wmcs'}/certification`,
    template: templates.at(-1)?.guid ?? '',
    hasJournal: exchange !== undefined || (office !== undefined && (await isJournalKept(office))),
    exchange,
    document: office && (await latestDocument(office)),
  }
}

async function latestExchange(office: LabOffice): Promise<string | undefined> {
  const { entries } = await readJournal(journalDesk(office), { filter: {}, limit: 1, messages: false })
  return entries[0]?.id
}

async function latestDocument(office: LabOffice): Promise<string | undefined> {
  return (await listDocuments(office, {}, { limit: 1, skip: 0 })).documents[0]?.hash
}

const cluster = 'root'
const fault = { name: 'gone' }
const server = { id: 'root-1' }

/** By method and path, in the order of the pages. */
export function prefilledOf({
  forest,
  certificationUrl,
  template,
  hasJournal,
  exchange,
  document,
}: Present): Readonly<Record<string, Prefilled>> {
  const mailOf = (user: string): string => `${user}@${forest.dnsName}`
  const [dave, finance, legal] = [mailOf('dave'), mailOf('finance'), mailOf('legal')]
  const subEnrollment = { endpoint: 'certification/subenrollservice', name: `${forest.netbiosName}\\rms-service` }
  const boardTemplate = {
    texts: [{ lcid: 1033, name: 'Board only', description: 'The board may read this' }],
    grants: [{ to: mailOf('staff'), rights: ['VIEW', 'PRINT'] }],
  }
  const partner = labPartner()
  const partnerKey = readDocuments(partner.licensorCertificate)[0]?.body.issuedPrincipal?.publicKey?.modulus ?? ''
  /** Of nobody's account. */
  const someKey = labTrustRoot(2).publicKey.modulus
  const ofJournal = hasJournal ? {} : ({ isLeftOut: true } as const)
  const ofDocument = {
    // Those that are kept for good are there without a journal.
    ...(document === undefined ? ofJournal : {}),
    parameters: { hash: document ?? '0'.repeat(64) },
    ...(document === undefined
      ? { note: 'No document has travelled yet: let a client be certified first, and open this page anew.' }
      : {}),
  }
  const noExchange =
    exchange === undefined
      ? {
          ...ofJournal,
          note: 'The journal was empty when this page was opened: let a client ask a server first, and open it anew.',
        }
      : {}
  const ofExchange = { parameters: { id: exchange ?? 'root-1.boot-1' }, ...noExchange }
  const ofRoot = { parameters: { cluster } }
  const ofScope = { parameters: { name: 'suite-a' } }
  const ofSnapshot = { parameters: { name: 'prepared' } }
  const ofTemplate = { parameters: { cluster, guid: template } }
  return {
    'GET /status': {},
    'POST /clusters': { body: { name: 'legal' } },
    'GET /clusters': {},
    'DELETE /clusters/{cluster}': { parameters: { cluster: 'legal', force: true } },
    'POST /clusters/{cluster}/servers': ofRoot,
    'GET /clusters/{cluster}/nodes': ofRoot,
    'GET /clusters/{cluster}/applied': ofRoot,
    'PUT /clusters/{cluster}/extranet': { ...ofRoot, body: {} },
    'DELETE /clusters/{cluster}/extranet': ofRoot,
    'POST /servers/{id}/drain': { parameters: { id: 'root-2' } },
    'POST /servers/{id}/resume': { parameters: { id: 'root-2' } },
    'POST /servers/{id}/kill': { parameters: { id: 'root-2' } },
    'DELETE /servers/{id}': { parameters: { id: 'root-2' } },
    'GET /ca.pem': {},

    'GET /forest': {},
    'GET /forest/introduction': {},
    'POST /forest/partners': { isLeftOut: true },
    'PUT /forest/partners/{forest}': {
      parameters: { forest: inForest('fabrikam.test', forest) },
      body: {
        certificate: partner.licensorCertificate,
        groupExpansion: inForest('https://rms.fabrikam.test/_wmcs/groupexpansion/GroupExpansion.asmx', forest),
        user: inForest('FABRIKAM\\rms-service', forest),
        password: seedPassword,
      },
    },
    'DELETE /forest/partners/{forest}': { parameters: { forest: inForest('fabrikam.test', forest) } },
    'DELETE /forest/scp': { parameters: { force: true } },
    'PUT /forest/scp': { body: { url: certificationUrl } },

    'GET /directory/accounts': {},
    'POST /directory/accounts': { body: { name: 'dave', password: seedPassword, mail: dave } },
    'GET /directory/accounts/{account}': { parameters: { account: dave } },
    'PATCH /directory/accounts/{account}': { parameters: { account: dave }, body: { mail: mailOf('david') } },
    'DELETE /directory/accounts/{account}': { parameters: { account: dave } },
    'GET /directory/groups': {},
    'POST /directory/groups': { body: { name: 'finance', mail: finance } },
    'GET /directory/groups/{group}': { parameters: { group: finance } },
    'PATCH /directory/groups/{group}': { parameters: { group: finance }, body: { mail: mailOf('money') } },
    'DELETE /directory/groups/{group}': { parameters: { group: finance } },
    'GET /directory/groups/{group}/members': { parameters: { group: legal } },
    'POST /directory/groups/{group}/members': {
      parameters: { group: legal },
      body: { members: [mailOf('mallory')] },
    },
    'DELETE /directory/groups/{group}/members/{member}': {
      parameters: { group: legal, member: mailOf('mallory') },
    },

    'GET /clusters/{cluster}/configuration': ofRoot,
    'PATCH /clusters/{cluster}/configuration': { ...ofRoot, body: { racValidityTimeSeconds: 30 * 86_400 } },
    'GET /clusters/{cluster}/super-users': ofRoot,
    'PUT /clusters/{cluster}/super-users': { ...ofRoot, body: { enabled: true, group: mailOf('superusers') } },
    'GET /clusters/{cluster}/exclusion': ofRoot,
    'POST /clusters/{cluster}/exclusion/applications': {
      ...ofRoot,
      body: { filename: 'WINWORD.EXE', minimumVersion: '1', maximumVersion: '12' },
    },
    'DELETE /clusters/{cluster}/exclusion/applications/{filename}': {
      parameters: { cluster, filename: 'WINWORD.EXE' },
    },
    'POST /clusters/{cluster}/exclusion/accounts': { ...ofRoot, body: { publicKey: someKey } },
    'DELETE /clusters/{cluster}/exclusion/accounts/{id}': { parameters: { cluster, id: keyId(someKey) } },
    'PUT /clusters/{cluster}/exclusion/security-processor': { ...ofRoot, body: { minimumVersion: '6.0.0.0' } },
    'GET /clusters/{cluster}/urls': ofRoot,
    'PUT /clusters/{cluster}/urls': {
      ...ofRoot,
      body: { extranetLicensing: inForest('https://rms.contoso.example/_wmcs/licensing', forest) },
    },
    'GET /clusters/{cluster}/access': ofRoot,
    'POST /clusters/{cluster}/access/admit': { ...ofRoot, body: subEnrollment },
    'POST /clusters/{cluster}/access/revoke': { ...ofRoot, body: subEnrollment },
    'POST /clusters/{cluster}/access/open': { ...ofRoot, body: { endpoint: 'certification/servercertification' } },

    'GET /clusters/{cluster}/licensor-certificate': ofRoot,
    'GET /clusters/{cluster}/trust/user-domains': ofRoot,
    'POST /clusters/{cluster}/trust/user-domains': { ...ofRoot, body: { certificate: partner.licensorCertificate } },
    'DELETE /clusters/{cluster}/trust/user-domains/{id}': { parameters: { cluster, id: keyId(partnerKey) } },
    'GET /clusters/{cluster}/trust/publishing-domains': ofRoot,
    'POST /clusters/{cluster}/trust/publishing-domains': {
      ...ofRoot,
      body: { password: seedPassword, file: JSON.parse(partner.publishingDomain) as unknown },
    },
    'POST /clusters/{cluster}/trust/publishing-domains/export': { ...ofRoot, body: { password: seedPassword } },
    'DELETE /clusters/{cluster}/trust/publishing-domains/{id}': { parameters: { cluster, id: keyId(partnerKey) } },
    'GET /clusters/{cluster}/trust/forests': ofRoot,
    'POST /clusters/{cluster}/trust/forests': {
      ...ofRoot,
      body: {
        domain: inForest('fabrikam.test', forest),
        url: inForest('https://rms.fabrikam.test/_wmcs/groupexpansion/GroupExpansion.asmx', forest),
      },
    },
    'DELETE /clusters/{cluster}/trust/forests/{domain}': {
      parameters: { cluster, domain: inForest('fabrikam.test', forest) },
    },

    'GET /clusters/{cluster}/templates': ofRoot,
    'POST /clusters/{cluster}/templates': { ...ofRoot, body: boardTemplate },
    'GET /clusters/{cluster}/templates/{guid}/xrml': ofTemplate,
    'POST /clusters/{cluster}/templates/{guid}/archive': ofTemplate,
    'POST /clusters/{cluster}/templates/{guid}/publish': ofTemplate,
    'GET /clusters/{cluster}/templates/{guid}': ofTemplate,
    'PUT /clusters/{cluster}/templates/{guid}': { ...ofTemplate, body: boardTemplate },
    'DELETE /clusters/{cluster}/templates/{guid}': ofTemplate,

    'GET /lab': {},
    'GET /lab/config': {},
    'GET /lab/clock': {},
    'PUT /lab/clock': { body: { mode: 'offset', by: 'P1D' } },
    'POST /lab/clock/advance': { body: { by: 'PT1H' } },
    'GET /lab/faults': {},
    'GET /lab/faults/catalogue': {},
    'PUT /lab/faults/{name}': { parameters: fault, body: { ready: 'template-deleted', when: { next: 1 } } },
    'GET /lab/faults/{name}': { parameters: fault },
    'DELETE /lab/faults/{name}': { parameters: fault },
    'GET /lab/servers': {},
    'PUT /lab/servers/{id}': { parameters: server, body: { skew: '-PT5M' } },
    'PATCH /lab/servers/{id}': { parameters: server, body: { slow: 'PT0.1S' } },
    'GET /lab/servers/{id}': { parameters: server },
    'DELETE /lab/servers/{id}': { parameters: server },
    'PUT /lab/installation': { body: { logQueueFull: true } },
    'PATCH /lab/installation': { body: { logQueueFull: false } },
    'GET /lab/installation': {},
    'DELETE /lab/installation': {},
    'DELETE /lab': {},
    'GET /lab/documents': {},
    'GET /lab/documents/{hash}': ofDocument,
    'GET /lab/documents/{hash}/raw': ofDocument,
    'GET /lab/documents/{hash}/explain': ofDocument,
    'DELETE /lab/documents': {},
    'POST /lab/journal/wait': {
      body: { match: { node: 'root-1' }, count: 1, timeout: 'PT5S' },
      ...noExchange,
    },
    'POST /lab/journal/verify': { body: { match: { node: 'root-1' }, atLeast: 1 }, ...noExchange },
    'GET /lab/journal/{id}': ofExchange,
    'DELETE /lab/journal/{id}': ofExchange,
    'GET /lab/journal': {},
    'DELETE /lab/journal': {},
    'GET /lab/state-hash': {},
    'GET /lab/export': {},
    'POST /lab/issue': { body: { kind: 'rac', account: mailOf('alice'), wrong: 'expired' } },
    'POST /lab/explain': { body: labPartner().licensorCertificate },
    'POST /lab/reset': {},
    'GET /lab/scopes': {},
    'PUT /lab/scopes/{name}': ofScope,
    'GET /lab/scopes/{name}': ofScope,
    'DELETE /lab/scopes/{name}': ofScope,
    'DELETE /lab/scopes': {},
    'GET /lab/snapshots': {},
    'POST /lab/snapshots/{name}/restore': { parameters: { name: 'start' } },
    'POST /lab/snapshots/{name}/export': { parameters: { name: 'start' }, body: { password: seedPassword } },
    'PUT /lab/snapshots/{name}': ofSnapshot,
    'GET /lab/snapshots/{name}': ofSnapshot,
    'POST /lab/snapshots/{name}/import': { isLeftOut: true },
    'DELETE /lab/snapshots/{name}': ofSnapshot,

    'POST /tokens': { body: { user: mailOf('bob') } },
    'GET /requests': {},
    'GET /requests/count': {},
    'GET /healthz': {},
    'GET /readyz': {},
  }
}
