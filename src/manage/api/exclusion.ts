/** What a cluster refuses, or tells clients to refuse: applications, accounts, old security processors (adrms-deployment 3.4). */
import type { FastifyInstance } from 'fastify'
import { changeConfiguration, etagOf, requireCluster, type Change } from '../../administration/change-configuration.js'
import { version } from '../../administration/configuration-fields.js'
import { excludeAccount, excludeApplication, fourParts, type AccountKeyNamed } from '../../administration/exclusion.js'
import { keyId } from '../../administration/key-id.js'
import { problem } from '../../administration/problem.js'
import type { ApplicationExclusion, ServerConfiguration } from '../../cluster/configuration.js'
import type { ManagementApi } from './management-api.js'
import {
  answers,
  closed,
  clusterName,
  ifMatchHeader,
  keyIdSchema,
  line,
  namedAccount,
  path,
  publicKey,
} from './schemas.js'

interface Headers {
  readonly 'if-match'?: string
}

const schema = {
  description: 'What is excluded',
  type: 'object',
  properties: {
    applications: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          filename: { type: 'string' },
          minimumVersion: { type: 'string' },
          maximumVersion: { type: 'string' },
        },
      },
    },
    accounts: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          publicKey: { type: 'string' },
          account: { type: 'string', nullable: true, description: 'Whose key it is, where that is known' },
          since: { type: 'string', nullable: true, description: 'When it was excluded' },
        },
      },
    },
    minimumSecurityProcessorVersion: { type: 'string', nullable: true },
  },
} as const
const tags = ['configuration']
const params = path({ cluster: clusterName })
const address = '/clusters/:cluster/exclusion'
const description = 'Counts for requests from then on; licenses issued before stay valid.'
const answered = answers({ 200: schema }, 400, 404, 409, 412)

export function registerExclusion(app: FastifyInstance, { store, forestClock }: ManagementApi): void {
  const change = async (
    cluster: string,
    headers: Headers,
    make: Change,
  ): Promise<{ readonly etag: string; readonly body: object }> => {
    const saved = await changeConfiguration(store, cluster, headers['if-match'], make)
    return { etag: etagOf(saved), body: describe(saved) }
  }

  app.get<{ Params: { cluster: string } }>(
    address,
    { schema: { tags, summary: 'What a cluster excludes', params, response: answers({ 200: schema }, 400, 404) } },
    async ({ params }) => describe((await requireCluster(store, params.cluster)).configuration),
  )

  app.post<{ Params: { cluster: string }; Body: ApplicationExclusion; Headers: Headers }>(
    `${address}/applications`,
    {
      schema: {
        tags,
        summary: 'Exclude an application',
        description: `Use licenses name it in their POLICYLIST, and clients enforce it. ${description}`,
        params,
        headers: ifMatchHeader,
        body: closed({ filename: line(256, 'WINWORD.EXE'), minimumVersion: version, maximumVersion: version }, [
          'filename',
          'minimumVersion',
          'maximumVersion',
        ]),
        response: answered,
      },
    },
    async ({ params, body, headers }, reply) => {
      const done = await change(params.cluster, headers, excludeApplication(body))
      return reply.header('etag', done.etag).send(done.body)
    },
  )

  app.delete<{ Params: { cluster: string; filename: string }; Headers: Headers }>(
    `${address}/applications/:filename`,
    {
      schema: {
        tags,
        summary: 'Exclude an application no longer',
        description: 'In all its versions.',
        params: path({ cluster: clusterName, filename: line(256, 'WINWORD.EXE') }),
        headers: ifMatchHeader,
        response: answered,
      },
    },
    async ({ params, headers }, reply) => {
      const name = params.filename.toLowerCase()
      const done = await change(params.cluster, headers, ({ applicationExclusionPolicy: stored }) => {
        const rest = stored.filter(({ filename }) => filename.toLowerCase() !== name)
        if (rest.length === stored.length) problem(404, `The application "${params.filename}" is not excluded`)
        return { applicationExclusionPolicy: rest }
      })
      return reply.header('etag', done.etag).send(done.body)
    },
  )

  app.post<{ Params: { cluster: string }; Body: AccountKeyNamed; Headers: Headers }>(
    `${address}/accounts`,
    {
      schema: {
        tags,
        summary: 'Exclude the key of an account',
        description: `RACs with this key get no licenses. Named by an account of the directory that has been certified, or by the public key, for accounts of others. At the root an account that is named loses its key pair besides: its next certificate has a new one, which is not excluded, and opens nothing that was licensed before. Who is to be refused certificates for good is disabled, or taken off the access list of certification. ${description}`,
        params,
        headers: ifMatchHeader,
        body: {
          ...closed({ account: namedAccount, publicKey }),
          minProperties: 1,
          maxProperties: 1,
          examples: [{ account: 'mallory@contoso.test' }],
        },
        response: answered,
      },
    },
    async ({ params, body, headers }, reply) => {
      const since = (await forestClock()).now().toISOString()
      const saved = await excludeAccount(store, params.cluster, body, { since, ifMatch: headers['if-match'] })
      return reply.header('etag', etagOf(saved)).send(describe(saved))
    },
  )

  app.delete<{ Params: { cluster: string; id: string }; Headers: Headers }>(
    `${address}/accounts/:id`,
    {
      schema: {
        tags,
        summary: 'Exclude the key of an account no longer',
        params: path({ cluster: clusterName, id: keyIdSchema }),
        headers: ifMatchHeader,
        response: answered,
      },
    },
    async ({ params, headers }, reply) => {
      const done = await change(params.cluster, headers, ({ racExclusionPolicy: stored, excludedAccounts }) => {
        const rest = (stored ?? []).filter((key) => keyId(key) !== params.id)
        if (rest.length === (stored ?? []).length) problem(404, `No excluded key has the id ${params.id}`)
        return {
          racExclusionPolicy: rest.length === 0 ? null : rest,
          excludedAccounts: excludedAccounts.filter(({ publicKey }) => rest.includes(publicKey)),
        }
      })
      return reply.header('etag', done.etag).send(done.body)
    },
  )

  app.put<{ Params: { cluster: string }; Body: { minimumVersion: string | null }; Headers: Headers }>(
    `${address}/security-processor`,
    {
      schema: {
        tags,
        summary: 'Exclude security processors below a version',
        description: `Machines with an older one are refused; null serves all. ${description}`,
        params,
        headers: ifMatchHeader,
        body: closed({ minimumVersion: { ...version, nullable: true } }, ['minimumVersion']),
        response: answered,
      },
    },
    async ({ params, body, headers }, reply) => {
      const done = await change(params.cluster, headers, () => ({
        spcExclusionPolicy: body.minimumVersion === null ? null : fourParts(body.minimumVersion),
      }))
      return reply.header('etag', done.etag).send(done.body)
    },
  )
}

function describe(configuration: ServerConfiguration): object {
  const { applicationExclusionPolicy, racExclusionPolicy, spcExclusionPolicy, excludedAccounts } = configuration
  const known = new Map(excludedAccounts.map((entry) => [entry.publicKey, entry]))
  return {
    applications: applicationExclusionPolicy,
    accounts: (racExclusionPolicy ?? []).map((key) => ({
      id: keyId(key),
      publicKey: key,
      account: known.get(key)?.account ?? null,
      since: known.get(key)?.since ?? null,
    })),
    minimumSecurityProcessorVersion: spcExclusionPolicy,
  }
}
