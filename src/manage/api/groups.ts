/** Groups of the directory and their members: accounts, and groups in turn. */
import type { FastifyInstance } from 'fastify'
import { freeAddresses, freeName, isEveryone, requireGroup } from '../../administration/directory-names.js'
import {
  addMembers,
  createGroup,
  describeMember,
  refuseEveryone,
  requireMember,
  type GroupWanted,
} from '../../administration/groups.js'
import { problem } from '../../administration/problem.js'
import type { AddressChange } from '../../directory/addresses.js'
import { describedGroup as described, groupReference } from './accounts.js'
import { drawsFrom } from '../../cluster/draws.js'
import type { ManagementApi } from './management-api.js'
import {
  answers,
  closed,
  keepFormerAddress,
  limit,
  mailAddress,
  namedGroup,
  namedMember,
  newName,
  path,
  proxyAddresses,
  removed,
  sid,
} from './schemas.js'

const groupSchema = { description: 'The group', ...groupReference } as const
const groupWithGroups = {
  description: 'The group and all groups it is in',
  type: 'object',
  properties: { ...groupReference.properties, groups: { type: 'array', items: groupReference } },
} as const
const groupPage = {
  description: 'In order of name',
  type: 'object',
  properties: {
    groups: { type: 'array', items: groupReference },
    next: { type: 'string', nullable: true, description: '`after` of the next page; null on the last one' },
  },
} as const
const memberPage = {
  description: 'Direct members in order of SID',
  type: 'object',
  properties: {
    members: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          sid: { type: 'string' },
          kind: { type: 'string', enum: ['account', 'group', 'unknown'] },
          name: { type: 'string', nullable: true },
        },
      },
    },
    count: { type: 'integer', description: 'Of all pages' },
    next: { type: 'string', nullable: true, description: '`after` of the next page; null on the last one' },
    everyone: { type: 'boolean', description: 'Every account is a member, listed or not' },
  },
} as const

const tags = ['directory']
const params = path({ group: namedGroup })
const after = { type: 'string', maxLength: 256 } as const

export function registerGroups(
  app: FastifyInstance,
  { store: { directory }, random, draws = drawsFrom(random) }: ManagementApi,
): void {
  app.get<{ Querystring: { after?: string; limit: number } }>(
    '/directory/groups',
    {
      schema: {
        tags,
        summary: 'Groups, a page at a time',
        querystring: closed({ after: { ...after, description: 'Only names after this one' }, limit: limit(500) }),
        response: answers({ 200: groupPage }, 400),
      },
    },
    async ({ query }) => {
      const found = await directory.listGroups({
        limit: query.limit + 1,
        ...(query.after === undefined ? {} : { after: query.after }),
      })
      const page = found.slice(0, query.limit)
      return { groups: page.map(described), next: found.length > page.length ? (page.at(-1)?.name ?? null) : null }
    },
  )

  app.get<{ Params: { group: string } }>(
    '/directory/groups/:group',
    {
      schema: {
        tags,
        summary: 'A group and the groups it is in',
        params,
        response: answers({ 200: groupWithGroups }, 400, 404),
      },
    },
    async ({ params }) => {
      const group = await requireGroup(directory, params.group)
      return { ...described(group), groups: (await directory.memberships(group.sid)).map(described) }
    },
  )

  app.post<{ Body: GroupWanted }>(
    '/directory/groups',
    {
      schema: {
        tags,
        summary: 'Create a group',
        body: closed(
          {
            name: { ...newName, examples: ['CONTOSO\\finance'] },
            mail: {
              ...mailAddress,
              description: 'Rights are given to groups by mail address',
              examples: ['finance@contoso.test'],
            },
            proxyAddresses: { ...proxyAddresses, default: [] },
            sid: { ...sid, description: 'Made by the server when left out' },
          },
          ['name'],
        ),
        response: answers({ 201: groupSchema }, 400, 409),
      },
    },
    async ({ body }, reply) => {
      const group = await createGroup(directory, await draws.next('SID'), body)
      return reply.code(201).header('location', `/directory/groups/${group.sid}`).send(described(group))
    },
  )

  app.patch<{ Params: { group: string }; Body: AddressChange & { readonly name?: string } }>(
    '/directory/groups/:group',
    {
      schema: {
        tags,
        summary: 'Change a group: its name and addresses',
        description: 'What is left out stays. Rights given to its former address go on to count.',
        params,
        body: {
          ...closed({
            name: newName,
            mail: { ...mailAddress, nullable: true, description: 'null: it is known by none' },
            proxyAddresses: { ...proxyAddresses, description: 'All further addresses, in place of those it has' },
            keepFormerAddress,
          }),
          minProperties: 1,
          examples: [{ mail: 'lawyers@contoso.test' }],
        },
        response: answers({ 200: groupSchema }, 400, 404, 409),
      },
    },
    async ({ params, body }) => {
      const group = await requireGroup(directory, params.group)
      const name = body.name === undefined ? undefined : await freeName(directory, body.name, group.sid)
      await directory.changeGroup(group.sid, { name, addresses: await freeAddresses(directory, group, body) })
      return described(await requireGroup(directory, group.sid))
    },
  )

  app.delete<{ Params: { group: string } }>(
    '/directory/groups/:group',
    {
      schema: {
        tags,
        summary: 'Delete a group',
        description: 'With its memberships; its members stay.',
        params,
        response: answers(removed, 400, 404, 409),
      },
    },
    async ({ params }, reply) => {
      const group = await requireGroup(directory, params.group)
      await refuseEveryone(directory, group)
      await directory.removeGroup(group.sid)
      return reply.code(204).send()
    },
  )

  app.get<{ Params: { group: string }; Querystring: { after?: string; limit: number } }>(
    '/directory/groups/:group/members',
    {
      schema: {
        tags,
        summary: 'Direct members of a group, a page at a time',
        params,
        querystring: closed({ after: { ...after, description: 'Only SIDs after this one' }, limit: limit(500) }),
        response: answers({ 200: memberPage }, 400, 404),
      },
    },
    async ({ params, query }) => {
      const group = await requireGroup(directory, params.group)
      const all = await directory.membersOf(group.sid)
      const rest = all.filter((member) => query.after === undefined || member > query.after)
      const page = rest.slice(0, query.limit)
      const members = await Promise.all(page.map((member) => describeMember(directory, member)))
      return {
        members,
        count: all.length,
        next: rest.length > page.length ? page.at(-1) : null,
        everyone: await isEveryone(directory, group),
      }
    },
  )

  app.post<{ Params: { group: string }; Body: { members: readonly string[] } }>(
    '/directory/groups/:group/members',
    {
      schema: {
        tags,
        summary: 'Add members to a group',
        description: 'Accounts or groups; who is in already stays. All are added, or none.',
        params,
        body: closed(
          {
            members: {
              type: 'array',
              minItems: 1,
              maxItems: 1000,
              items: namedMember,
              examples: [['bob@contoso.test']],
            },
          },
          ['members'],
        ),
        response: answers(removed, 400, 404, 409),
      },
    },
    async ({ params, body }, reply) => {
      await addMembers(directory, await requireGroup(directory, params.group), body.members)
      return reply.code(204).send()
    },
  )

  app.delete<{ Params: { group: string; member: string } }>(
    '/directory/groups/:group/members/:member',
    {
      schema: {
        tags,
        summary: 'Take a member out of a group',
        params: path({ group: namedGroup, member: namedMember }),
        response: answers(removed, 400, 404, 409),
      },
    },
    async ({ params }, reply) => {
      const group = await requireGroup(directory, params.group)
      await refuseEveryone(directory, group)
      const members = await directory.membersOf(group.sid)
      // A member that the directory no longer has is taken out by its SID.
      const sid = members.includes(params.member)
        ? params.member
        : (await requireMember(directory, params.member, 404)).sid
      if (!members.includes(sid)) problem(404, `"${params.member}" is no direct member of ${group.name}`)
      await directory.removeMembership({ groupSid: group.sid, memberSid: sid })
      return reply.code(204).send()
    },
  )
}
