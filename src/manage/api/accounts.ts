/** Accounts of the directory. Passwords go in and never come out. */
import type { FastifyInstance } from 'fastify'
import { createAccounts, type AccountWanted } from '../../administration/accounts.js'
import { freeAddresses, freeName, requireAccount, requireFreeSid } from '../../administration/directory-names.js'
import type { Account, Group } from '../../directory/directory.js'
import type { AddressChange } from '../../directory/addresses.js'
import { drawsFrom } from '../../cluster/draws.js'
import type { ManagementApi } from './management-api.js'
import {
  answers,
  closed,
  keepFormerAddress,
  limit,
  mailAddress,
  namedAccount,
  newName,
  password,
  path,
  proxyAddresses,
  removed,
  sid,
} from './schemas.js'

interface AccountPatch extends AddressChange {
  readonly name?: string
  readonly enabled?: boolean
  readonly password?: string
  readonly sidHistory?: readonly string[]
}

const accountProperties = {
  sid: { type: 'string' },
  name: { type: 'string', examples: ['CONTOSO\\bob'] },
  mail: { type: 'string', nullable: true, examples: ['bob@contoso.test'] },
  proxyAddresses: { type: 'array', items: { type: 'string' }, description: 'Further addresses of the same mailbox' },
  sidHistory: { type: 'array', items: { type: 'string' }, description: 'SIDs the account had in former domains' },
  enabled: { type: 'boolean' },
} as const
export const accountSchema = { description: 'The account', type: 'object', properties: accountProperties } as const
export const groupReference = {
  type: 'object',
  properties: {
    sid: { type: 'string' },
    name: { type: 'string' },
    mail: { type: 'string', nullable: true },
    proxyAddresses: { type: 'array', items: { type: 'string' }, description: 'Further addresses' },
  },
} as const
const accountWithGroups = {
  description: 'The account and all groups it is in',
  type: 'object',
  properties: {
    ...accountProperties,
    groups: { type: 'array', items: groupReference, description: 'Directly or through other groups' },
  },
} as const
const accountPage = {
  description: 'In order of name',
  type: 'object',
  properties: {
    accounts: { type: 'array', items: accountSchema },
    next: { type: 'string', nullable: true, description: '`after` of the next page; null on the last one' },
  },
} as const

const tags = ['directory']
const params = path({ account: namedAccount })

export function registerAccounts(
  app: FastifyInstance,
  { store: { directory }, random, draws = drawsFrom(random) }: ManagementApi,
): void {
  app.get<{ Querystring: { after?: string; limit: number } }>(
    '/directory/accounts',
    {
      schema: {
        tags,
        summary: 'Accounts, a page at a time',
        querystring: closed({
          after: { type: 'string', maxLength: 256, description: 'Only names after this one' },
          limit: limit(500),
        }),
        response: answers({ 200: accountPage }, 400),
      },
    },
    async ({ query }) => {
      const found = await directory.listAccounts({
        limit: query.limit + 1,
        ...(query.after === undefined ? {} : { after: query.after }),
      })
      const page = found.slice(0, query.limit)
      return { accounts: page.map(described), next: found.length > page.length ? (page.at(-1)?.name ?? null) : null }
    },
  )

  app.get<{ Params: { account: string } }>(
    '/directory/accounts/:account',
    {
      schema: {
        tags,
        summary: 'An account and its groups',
        params,
        response: answers({ 200: accountWithGroups }, 400, 404),
      },
    },
    async ({ params }) => {
      const account = await requireAccount(directory, params.account)
      const groups = await directory.memberships(account.sid)
      return { ...described(account), groups: groups.map(describedGroup) }
    },
  )

  app.post<{ Body: AccountWanted }>(
    '/directory/accounts',
    {
      schema: {
        tags,
        summary: 'Create an account',
        body: closed(
          {
            name: newName,
            password,
            mail: {
              ...mailAddress,
              description: 'Without one the account cannot be certified',
              examples: ['dave@contoso.test'],
            },
            proxyAddresses: { ...proxyAddresses, default: [] },
            enabled: { type: 'boolean', default: true },
            sid: { ...sid, description: 'Made by the server when left out' },
          },
          ['name', 'password'],
        ),
        response: answers({ 201: accountSchema }, 400, 409),
      },
    },
    async ({ body }, reply) => {
      const [account] = await createAccounts(directory, await draws.next('SID'), [body])
      if (account === undefined) throw new Error('No account was made')
      return reply.code(201).header('location', `/directory/accounts/${account.sid}`).send(described(account))
    },
  )

  app.patch<{ Params: { account: string }; Body: AccountPatch }>(
    '/directory/accounts/:account',
    {
      schema: {
        tags,
        summary: 'Change an account: its name, password, addresses, whether it is enabled',
        description:
          'What is left out stays. A disabled account cannot sign in, from its next request on; use licenses it has stay valid. Who is renamed opens old content still.',
        params,
        body: {
          ...closed({
            name: newName,
            enabled: { type: 'boolean' },
            password,
            mail: { ...mailAddress, nullable: true, description: 'null: it is known by none' },
            proxyAddresses: { ...proxyAddresses, description: 'All further addresses, in place of those it has' },
            keepFormerAddress,
            sidHistory: {
              type: 'array',
              maxItems: 100,
              items: sid,
              description: 'SIDs it had in former domains, in place of those it has',
            },
          }),
          minProperties: 1,
          examples: [{ mail: 'robert@contoso.test' }],
        },
        response: answers({ 200: accountSchema }, 400, 404, 409),
      },
    },
    async ({ params, body }) => {
      const account = await requireAccount(directory, params.account)
      const { enabled, password } = body
      const sidHistory = body.sidHistory?.filter((former, index, all) => all.indexOf(former) === index)
      for (const former of sidHistory ?? []) await requireFreeSid(directory, former, account.sid)
      const name = body.name === undefined ? undefined : await freeName(directory, body.name, account.sid)
      const addresses = await freeAddresses(directory, account, body)
      await directory.changeAccount(account.sid, { name, enabled, password, addresses, sidHistory })
      return described(await requireAccount(directory, account.sid))
    },
  )

  app.delete<{ Params: { account: string } }>(
    '/directory/accounts/:account',
    {
      schema: {
        tags,
        summary: 'Delete an account',
        description: 'With its addresses and memberships.',
        params,
        response: answers(removed, 400, 404),
      },
    },
    async ({ params }, reply) => {
      await directory.removeAccount((await requireAccount(directory, params.account)).sid)
      return reply.code(204).send()
    },
  )
}

export function describedGroup(group: Group): object {
  return { ...group, mail: group.mail ?? null }
}

function described(account: Account): object {
  const { sid, name, proxyAddresses, sidHistory, enabled } = account
  return { sid, name, mail: account.mail ?? null, proxyAddresses, sidHistory, enabled }
}
