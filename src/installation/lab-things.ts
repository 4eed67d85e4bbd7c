/** Accounts, groups, templates and exclusion of an installation, for programs: what the management API does, without HTTP. */
import { createAccounts, type AccountWanted } from '../administration/accounts.js'
import { changeConfiguration, requireCluster, type Change } from '../administration/change-configuration.js'
import { findAccount, requireAccount, requireGroup } from '../administration/directory-names.js'
import { excludeAccount, excludeApplication, type AccountKeyNamed } from '../administration/exclusion.js'
import { addMembers, createGroup, refuseEveryone, type GroupWanted } from '../administration/groups.js'
import type { LabOffice } from '../administration/lab/ask-server.js'
import type { IssuingOffice } from '../administration/lab/issuing-office.js'
import { problem } from '../administration/problem.js'
import { guidOf } from '../administration/seed-file/cluster-references.js'
import type { SeedTemplate } from '../administration/seed-file/seed-file.js'
import { rootName } from '../administration/seed-file/seed-file.js'
import { structureProblems } from '../administration/seed-file/structure.js'
import {
  describeTemplate,
  newTemplateGuid,
  saveTemplate,
  signTemplate,
  type TemplateDescription,
} from '../administration/templates.js'
import type { ApplicationExclusion } from '../cluster/configuration.js'
import type { Account, Group } from '../directory/directory.js'
import { seedPassword } from '../directory/seed.js'
import { LabInputError } from '../lab/input-error.js'
import { untilApplied, type LeftOut } from './applied.js'

/** As in a seed file, but for a GUID, which is made when it is left out. */
export interface TemplateWanted extends Omit<SeedTemplate, 'guid'> {
  readonly guid?: string
}

export type ExclusionWanted = AccountKeyNamed | { readonly application: ApplicationExclusion }

interface InCluster {
  /** The root when left out. */
  readonly cluster?: string
}

/** What a change came to. */
export interface Reached {
  /** Servers that the lab itself keeps from reading it, as one is set stale or paused, or the database away: they read it when that ends. */
  readonly leftOut: readonly LeftOut[]
}

/** Every server has a change when its promise resolves, but for those that the answer names as left out. It rejects with LabInputError for what has no such form, and with Problem for what cannot be as things stand. */
export interface LabThings {
  readonly accounts: {
    /** The password is that of all accounts of the lab when left out. */
    add(wanted: Omit<AccountWanted, 'password'> & { readonly password?: string }): Promise<Account>
    /** @param named SID, name or mail address */
    remove(named: string): Promise<void>
  }
  readonly groups: {
    add(wanted: GroupWanted & { readonly members?: readonly string[] }): Promise<Group>
    addMembers(group: string, members: readonly string[]): Promise<void>
    remove(named: string): Promise<void>
  }
  readonly templates: {
    /** In place of one of the same GUID. */
    add(wanted: TemplateWanted, where?: InCluster): Promise<TemplateDescription & Reached>
    remove(guid: string, where?: InCluster): Promise<Reached>
  }
  /** An account that was certified, a key of an account, or versions of an application. */
  exclude(wanted: ExclusionWanted, where?: InCluster): Promise<Reached>
}

export interface ThingsOffice extends IssuingOffice {
  /** Throws where there is no lab. */
  readonly lab: () => LabOffice
  /** Certificates in PEM that https servers lead to. */
  readonly ca: string | undefined
}

export function labThings(office: ThingsOffice): LabThings {
  const { store, draws } = office
  const { directory } = store
  return {
    accounts: {
      add: async (wanted) => {
        office.lab()
        requireForm({ accounts: [wanted] })
        const [added] = await createAccounts(directory, await draws.next('SID'), [
          { ...wanted, password: wanted.password ?? seedPassword },
        ])
        return requireAccount(directory, added?.sid ?? '')
      },
      remove: async (named) => {
        office.lab()
        await directory.removeAccount((await requireAccount(directory, named)).sid)
      },
    },
    groups: {
      add: async ({ members = [], ...wanted }) => {
        office.lab()
        requireForm({ groups: [{ ...wanted, members }] })
        for (const member of members)
          if ((await findAccount(directory, member)) === undefined) await requireGroup(directory, member)
        const group = await createGroup(directory, await draws.next('SID'), wanted)
        await addMembers(directory, group, members)
        return group
      },
      addMembers: async (named, members) => {
        office.lab()
        await addMembers(directory, await requireGroup(directory, named), members)
      },
      remove: async (named) => {
        office.lab()
        const group = await requireGroup(directory, named)
        await refuseEveryone(directory, group)
        await directory.removeGroup(group.sid)
      },
    },
    templates: {
      add: async (wanted, { cluster = rootName } = {}) => addTemplate(office, cluster, wanted),
      remove: async (guid, { cluster = rootName } = {}) => {
        office.lab()
        await requireCluster(store, cluster)
        if (!(await store.templates.remove(cluster, guidOf({ guid }))))
          problem(404, `Cluster "${cluster}" has no template ${guid}`)
        return atEveryServer(office, cluster)
      },
    },
    exclude: async (wanted, { cluster = rootName } = {}) => exclude(office, cluster, wanted),
  }
}

/** @throws LabInputError with all that is wrong */
function requireForm(file: object): void {
  const problems = structureProblems(file, () => undefined)
  if (problems.length > 0) throw new LabInputError(problems.map(({ message }) => message).join('\n'))
}

async function addTemplate(
  office: ThingsOffice,
  cluster: string,
  wanted: TemplateWanted,
): Promise<TemplateDescription & Reached> {
  office.lab()
  const { store, draws, openCluster, forestClock } = office
  const newOne = async () => newTemplateGuid(store, cluster, await draws.next('template', cluster))
  const template = { ...wanted, guid: wanted.guid ?? (await newOne()) }
  requireForm({ clusters: [{ name: rootName, templates: [template] }] })
  await requireCluster(store, cluster)
  const now = (await forestClock()).now()
  const guid = guidOf(template)
  const body = { ...template, applicationData: template.applicationData ?? [] }
  const signedXrml = await signTemplate(body, guid, await openCluster(cluster), now, 'taken')
  const saved = await saveTemplate(store, cluster, { guid, state: template.state ?? 'published', signedXrml }, now)
  const reached = await atEveryServer(office, cluster)
  return { ...describeTemplate(saved), ...reached }
}

async function exclude(office: ThingsOffice, cluster: string, wanted: ExclusionWanted): Promise<Reached> {
  office.lab()
  const { store, forestClock } = office
  if ('application' in wanted) {
    requireForm({ clusters: [{ name: rootName, exclusion: { applications: [wanted.application] } }] })
    const change: Change = excludeApplication(wanted.application)
    await changeConfiguration(store, cluster, undefined, change)
  } else {
    const { account, publicKey } = wanted
    if ((account === undefined) === (publicKey === undefined))
      throw new LabInputError('Say whom to exclude: { account }, { publicKey }, or { application }')
    if (publicKey !== undefined)
      requireForm({ clusters: [{ name: rootName, exclusion: { accounts: [{ publicKey }] } }] })
    await excludeAccount(store, cluster, wanted, { since: (await forestClock()).now().toISOString() })
  }
  return atEveryServer(office, cluster)
}

/** @throws Problem 503 when one that answers does not have it in good time */
async function atEveryServer({ store, lab, ca }: ThingsOffice, cluster: string): Promise<Reached> {
  const { clock, timers } = lab()
  const { configuration } = await requireCluster(store, cluster)
  const { late, leftOut } = await untilApplied(cluster, configuration, { store, clock, timers, ca })
  if (late.length > 0)
    problem(503, `It is stored, but ${late.join(', ')} did not read it in time: they do at their next refresh`)
  return { leftOut }
}
