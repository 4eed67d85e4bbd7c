/** The configuration of a cluster: reading all of it but secrets, changing what is an administrator's to change. */
import type { FastifyInstance } from 'fastify'
import { changeConfiguration, etagOf, requireCluster } from '../../administration/change-configuration.js'
import { problem } from '../../administration/problem.js'
import type { ServerConfiguration } from '../../cluster/configuration.js'
import { capacityLimits, longestQueue, serviceDistributions } from '../../sizing/emulated-server.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, line, mailAddress, path, publicKey, url } from './schemas.js'

const day = 86_400
const seconds = (description: string): object => ({
  type: 'integer',
  minimum: 0,
  maximum: 100 * 365 * day,
  description,
})
const flag = (description: string): object => ({ type: 'boolean', description })
export const version = {
  type: 'string',
  maxLength: 50,
  pattern: '^\\d{1,9}(?:\\.\\d{1,9}){0,3}$',
  description: 'One to four numbers',
  examples: ['6.0.0.0'],
} as const
const anyUrl = (description: string): object => ({
  type: 'string',
  maxLength: 2000,
  pattern: '^https?://[^\\s"\\\\]+$',
  description,
})
const orNull = (schema: object): object => ({ ...schema, nullable: true })

/** What may be changed. Trust has routes of its own; names, keys, certificates, mode and base URL are for life. */
const changeable: Partial<Readonly<Record<keyof ServerConfiguration, object>>> = {
  configurationRefreshIntervalSeconds: {
    type: 'integer',
    minimum: 1,
    maximum: day,
    description: 'How often nodes look for changes',
  },
  applicationExclusionPolicy: {
    type: 'array',
    maxItems: 1000,
    description: 'Applications that use licenses tell clients to refuse',
    items: closed({ filename: line(256, 'WINWORD.EXE'), minimumVersion: version, maximumVersion: version }, [
      'filename',
      'minimumVersion',
      'maximumVersion',
    ]),
  },
  osExclusionEnabled: flag('Whether osExclusionPolicy goes into use licenses'),
  osExclusionPolicy: {
    type: 'string',
    maxLength: 100,
    pattern: '^\\d{1,9}(?:\\.\\d{1,9}){0,3}-\\d{1,9}(?:\\.\\d{1,9}){0,3}$',
    examples: ['0-2.1.5.2600'],
  },
  spcExclusionPolicy: orNull({ ...version, description: 'Lowest version of a security processor that is served' }),
  racExclusionPolicy: {
    type: 'array',
    maxItems: 100_000,
    items: publicKey,
    nullable: true,
    description: 'Keys of accounts that are refused',
  },
  deletedTemplates: {
    type: 'string',
    enum: ['refuse', 'publishing-license'],
    description:
      'Content whose template was deleted: refused, as the genuine product does, or licensed by the copy in its publishing license. Archive templates whose content is to be used on',
  },
  creationTimeToleranceSeconds: seconds('How much younger than the content an account may be'),
  racValidityTimeSeconds: seconds('How long a RAC is valid'),
  tempRacValidityTimeSeconds: seconds('How long a temporary RAC is valid'),
  certificateValidityTimeToleranceSeconds: seconds('How far a validity begins before the time of issue'),
  certificationUrl: orNull(url),
  licensingUrl: orNull(url),
  externalCertificationUrl: orNull(url),
  externalLicensingUrl: orNull(url),
  federationEnabled: flag('Whether federated accounts are served'),
  serverDecommissioned: flag(
    'Decommissions the cluster: it gives out content keys and does nothing else. There is no way back',
  ),
  onlinePublishingEnabled: flag('Whether the server signs publishing licenses'),
  maxCrossForestCalls: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    description: 'How many servers one group expansion across forests may involve',
  },
  superUserEnabled: flag('Whether members of superUserGroup get full access'),
  superUserGroup: orNull(mailAddress),
  invertPersistent: flag('Turns the meaning of Persistent in Certify round'),
  emulatedServer: orNull({
    ...closed(
      {
        operationsPerSecond: { type: 'number', ...capacityLimits },
        serviceDistribution: { type: 'string', enum: [...serviceDistributions] },
        queueLimit: { type: 'integer', minimum: 0, maximum: longestQueue },
      },
      ['operationsPerSecond', 'serviceDistribution', 'queueLimit'],
    ),
    description:
      'The server that each node behaves like: one operation at a time, the others wait, those above the limit get 503. null: as fast as the machine is',
    examples: [{ operationsPerSecond: 50, serviceDistribution: 'fixed', queueLimit: 1000 }],
  }),
  admittedGroups: {
    type: 'object',
    maxProperties: 100,
    additionalProperties: { type: 'array', maxItems: 1000, items: line(256) },
    description: 'Access lists by path of the endpoint in lower case; /access changes them one by one',
    examples: [{ '/certification/precertification.asmx': ['CONTOSO\\RMS Service Group'] }],
  },
  devicePlatforms: {
    type: 'array',
    maxItems: 100,
    items: line(64, 'iOS'),
    nullable: true,
    description: 'Device platforms that REST serves, as clients name them; null: every one',
  },
  tokenIssuer: {
    ...closed(
      {
        issuer: anyUrl('iss of its tokens'),
        authorizationUrl: anyUrl('Where clients sign in'),
        jwks: { type: 'string', maxLength: 100_000, description: 'Its public keys, a JWKS as JSON text' },
      },
      ['issuer', 'authorizationUrl', 'jwks'],
    ),
    nullable: true,
    description: 'A sign-in service outside whose tokens count over REST; null: our own',
  },
  oauthClients: {
    type: 'array',
    maxItems: 1000,
    items: closed(
      {
        id: { type: 'string', minLength: 1, maxLength: 200, description: 'client_id' },
        redirectUris: {
          type: 'array',
          maxItems: 100,
          items: { type: 'string', maxLength: 1000, description: 'Absolute, without fragment, of any scheme' },
        },
      },
      ['id', 'redirectUris'],
    ),
    description: 'Applications that the sign-in service sends back to these addresses, besides the built-in ones',
    examples: [[{ id: 'com.contoso.app', redirectUris: ['com.contoso.app://authorize'] }]],
  },
  automaticSignIn: flag('Whether the sign-in page takes login_hint at its word, without a password'),
}

const readable = {
  description:
    'The configuration, its version in ETag. Certificates, keys and trusted publishing domains have routes of their own',
  type: 'object',
  properties: {
    configurationVersion: { type: 'integer' },
    serverVersion: { type: 'string' },
    serverName: { type: 'string' },
    serverSKU: { type: 'string' },
    cryptographicMode: { type: 'integer', enum: [1, 2] },
    baseUrl: { type: 'string' },
    extranetListener: orNull({ ...url, description: 'Where the extranet listener of its balancer is' }),
    trustedSpcCAKeys: { type: 'array', items: { type: 'string' } },
    trustedRacIssuers: { type: 'array', items: { type: 'string' } },
    ...changeable,
    applicationExclusionPolicy: { type: 'array', items: { type: 'object', additionalProperties: { type: 'string' } } },
    admittedGroups: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } },
  },
} as const
const tags = ['configuration']
const params = path({ cluster: clusterName })
const address = '/clusters/:cluster/configuration'

export function registerConfiguration(app: FastifyInstance, { store }: ManagementApi): void {
  app.get<{ Params: { cluster: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'The configuration of a cluster',
        params,
        response: answers({ 200: readable }, 400, 404),
      },
    },
    async ({ params }, reply) => {
      const { configuration } = await requireCluster(store, params.cluster)
      return reply.header('etag', etagOf(configuration)).send(configuration)
    },
  )

  app.patch<{ Params: { cluster: string }; Body: Partial<ServerConfiguration>; Headers: { 'if-match'?: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Change the configuration of a cluster',
        description: 'Fields that are left out stay. The nodes follow at their next refresh.',
        params,
        headers: ifMatchHeader,
        body: {
          ...closed(changeable as Readonly<Record<string, object>>),
          minProperties: 1,
          examples: [{ racValidityTimeSeconds: 30 * day }],
        },
        response: answers({ 200: readable }, 400, 404, 409, 412),
      },
    },
    async ({ params, body, headers }, reply) => {
      const saved = await changeConfiguration(
        store,
        params.cluster,
        headers['if-match'],
        ({ serverDecommissioned }) => {
          if (serverDecommissioned && body.serverDecommissioned === false)
            problem(409, `Cluster "${params.cluster}" is decommissioned, and there is no way back`)
          return body
        },
      )
      return reply.header('etag', etagOf(saved)).send(saved)
    },
  )

  app.get<{ Params: { cluster: string } }>(
    '/clusters/:cluster/licensor-certificate',
    {
      schema: {
        tags: ['trust'],
        summary: 'The SLC of a cluster, with its chain',
        description: 'What another cluster imports as a trusted user domain.',
        params,
        response: answers(
          {
            200: {
              description: 'XrML documents, leaf first',
              content: { 'application/xml': { schema: { type: 'string' } } },
            },
          },
          400,
          404,
        ),
      },
    },
    async ({ params }, reply) => {
      const { configuration } = await requireCluster(store, params.cluster)
      return reply.type('application/xml; charset=utf-8').send(configuration.slc.join(''))
    },
  )
}
