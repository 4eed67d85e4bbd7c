/** Rights policy templates of a cluster (adrms-deployment 3.2): every change signs anew and makes the nodes load it. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { requireCluster } from '../../administration/change-configuration.js'
import { problem } from '../../administration/problem.js'
import { guid, templateFields } from '../../administration/template-fields.js'
import {
  describeTemplate,
  newTemplateGuid,
  saveTemplate,
  signTemplate,
  type TemplateBody,
} from '../../administration/templates.js'
import { drawsFrom } from '../../cluster/draws.js'
import type { StoredTemplate, TemplateState } from '../../cluster/store/template-store.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, path, removed } from './schemas.js'

interface Named {
  Params: { cluster: string; guid: string }
}

const states = {
  type: 'string',
  enum: ['published', 'archived'],
  description: 'archived: not distributed, but honored',
} as const
const summaryProperties = {
  guid: { type: 'string', examples: ['{9bd9ffb5-4b2c-4f44-9b0c-0a2f4e0f2a3c}'] },
  state: states,
  changed: { type: 'string', description: 'ISO 8601' },
  ...templateFields,
} as const
const templateSchema = {
  description: 'The template',
  type: 'object',
  properties: {
    ...summaryProperties,
    xrml: { type: 'string', description: 'The signed document, as it is distributed' },
  },
} as const
const listSchema = {
  description: 'In order of GUID',
  type: 'object',
  properties: { templates: { type: 'array', items: { type: 'object', properties: summaryProperties } } },
} as const
const tags = ['templates']
const address = '/clusters/:cluster/templates'
const inCluster = path({ cluster: clusterName })
const params = path({ cluster: clusterName, guid })

export function registerTemplates(
  app: FastifyInstance,
  { store, openCluster, forestClock, random, draws = drawsFrom(random) }: ManagementApi,
): void {
  const requireTemplate = async (cluster: string, named: string): Promise<StoredTemplate> => {
    await requireCluster(store, cluster)
    const stored = await store.templates.find(cluster, named.startsWith('{') ? named : `{${named}}`)
    return stored ?? problem(404, `Cluster "${cluster}" has no template ${named}`)
  }
  const now = async (): Promise<Date> => (await forestClock()).now()
  const save = async (cluster: string, template: Omit<StoredTemplate, 'changed'>): Promise<object> => {
    const saved = await saveTemplate(store, cluster, template, await now())
    return { ...describeTemplate(saved), xrml: saved.signedXrml }
  }

  app.get<{ Params: { cluster: string }; Querystring: { state?: TemplateState } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Templates of a cluster',
        params: inCluster,
        querystring: closed({ state: states }),
        response: answers({ 200: listSchema }, 400, 404),
      },
    },
    async ({ params, query }) => {
      await requireCluster(store, params.cluster)
      return { templates: (await store.templates.list(params.cluster, query.state)).map(describeTemplate) }
    },
  )

  app.get<Named>(
    `${address}/:guid`,
    { schema: { tags, summary: 'A template', params, response: answers({ 200: templateSchema }, 400, 404) } },
    async ({ params }) => {
      const template = await requireTemplate(params.cluster, params.guid)
      return { ...describeTemplate(template), xrml: template.signedXrml }
    },
  )

  app.get<Named>(
    `${address}/:guid/xrml`,
    {
      schema: {
        tags,
        summary: 'The signed XrML of a template',
        description: 'As it is distributed, for clients that get templates from a file share.',
        params,
        response: answers(
          { 200: { description: 'The document', content: { 'application/xml': { schema: { type: 'string' } } } } },
          400,
          404,
        ),
      },
    },
    async ({ params }, reply): Promise<FastifyReply> => {
      const { signedXrml } = await requireTemplate(params.cluster, params.guid)
      return reply.type('application/xml; charset=utf-8').send(signedXrml)
    },
  )

  app.post<{ Params: { cluster: string }; Body: TemplateBody & { state: TemplateState } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Create a template',
        description: 'Signed with the key of the cluster. Distributed at once, unless it is created archived.',
        params: inCluster,
        body: closed({ ...templateFields, state: { ...states, default: 'published' } }, ['texts', 'grants']),
        response: answers({ 201: templateSchema }, 400, 404, 409),
      },
    },
    async ({ params, body }, reply) => {
      await requireCluster(store, params.cluster)
      const made = await newTemplateGuid(store, params.cluster, await draws.next('template', params.cluster))
      const signedXrml = await signTemplate(body, made, await openCluster(params.cluster), await now())
      const answer = await save(params.cluster, { guid: made, state: body.state, signedXrml })
      return reply
        .code(201)
        .header('location', `/clusters/${encodeURIComponent(params.cluster)}/templates/${made.slice(1, -1)}`)
        .send(answer)
    },
  )

  app.put<Named & { Body: TemplateBody }>(
    `${address}/:guid`,
    {
      schema: {
        tags,
        summary: 'Edit a template',
        description:
          'All of it anew, under the same GUID. Servers decide by their current copy: the edit acts on content that was published before, too.',
        params,
        body: closed(templateFields, ['texts', 'grants']),
        response: answers({ 200: templateSchema }, 400, 404, 409),
      },
    },
    async ({ params, body }) => {
      const { guid, state } = await requireTemplate(params.cluster, params.guid)
      return save(params.cluster, {
        guid,
        state,
        signedXrml: await signTemplate(body, guid, await openCluster(params.cluster), await now()),
      })
    },
  )

  const setState = (action: 'publish' | 'archive', state: TemplateState, description: string): void => {
    app.post<Named>(
      `${address}/:guid/${action}`,
      {
        schema: {
          tags,
          summary: `${action === 'publish' ? 'Publish' : 'Archive'} a template`,
          description,
          params,
          response: answers({ 200: templateSchema }, 400, 404, 409),
        },
      },
      async ({ params }) => {
        const { guid, signedXrml } = await requireTemplate(params.cluster, params.guid)
        return save(params.cluster, { guid, state, signedXrml })
      },
    )
  }
  setState('publish', 'published', 'Clients get it from then on.')
  setState('archive', 'archived', 'Clients get it no longer; content that was published with it is licensed as before.')

  app.delete<Named>(
    `${address}/:guid`,
    {
      schema: {
        tags,
        summary: 'Delete a template',
        description:
          'For good: the cluster no longer has a copy of its own to decide by. Archive a template that content was published with.',
        params,
        response: answers(removed, 400, 404, 409),
      },
    },
    async ({ params }, reply) => {
      const { guid } = await requireTemplate(params.cluster, params.guid)
      await store.templates.remove(params.cluster, guid)
      return reply.code(204).send()
    },
  )
}
