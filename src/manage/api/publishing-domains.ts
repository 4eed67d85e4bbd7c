/** Trusted publishing domains (TPD): content published at another server, licensed here with its key (adrms-deployment 3.3). */
import type { FastifyInstance } from 'fastify'
import { changeConfiguration, requireCluster } from '../../administration/change-configuration.js'
import { keyId } from '../../administration/key-id.js'
import { problem } from '../../administration/problem.js'
import { sealPublishingDomain, type PublishingDomainFile } from '../../administration/publishing-domain-file.js'
import { importPublishingDomain } from '../../administration/publishing-domains.js'
import { fileNames, filePassword as password, fileProperties } from '../../administration/publishing-domain-fields.js'
import type { TrustedLicensingServer } from '../../cluster/configuration.js'
import { readDocuments } from '../../xrml/document.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, keyIdSchema, path, removed } from './schemas.js'

interface Headers {
  readonly 'if-match'?: string
}

const domain = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    name: { type: 'string', nullable: true, description: 'Name of the server, as its SLC has it' },
    publicKey: { type: 'string' },
    templates: { type: 'integer', description: 'How many templates came with it: they are honored, not distributed' },
  },
} as const
const tags = ['trust']
const params = path({ cluster: clusterName })
const address = '/clusters/:cluster/trust/publishing-domains'
const longestFile = 32 * 1024 * 1024

export function registerPublishingDomains(app: FastifyInstance, { store, openCluster, random }: ManagementApi): void {
  app.get<{ Params: { cluster: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Trusted publishing domains of a cluster',
        params,
        response: answers(
          {
            200: {
              description: 'The domains',
              type: 'object',
              properties: { publishingDomains: { type: 'array', items: domain } },
            },
          },
          400,
          404,
        ),
      },
    },
    async ({ params }) => {
      const { configuration } = await requireCluster(store, params.cluster)
      return { publishingDomains: configuration.trustedLicensingServers.map(describe) }
    },
  )

  app.post<{ Params: { cluster: string }; Body: { password: string } }>(
    `${address}/export`,
    {
      schema: {
        tags,
        summary: 'Export a cluster as a publishing domain',
        description:
          'SLC, private key and templates, the key sealed under a password: whoever has both can license what was published at this cluster.',
        params,
        body: closed({ password }, ['password']),
        response: answers(
          {
            200: {
              description: 'The file to import elsewhere',
              type: 'object',
              required: fileNames,
              properties: fileProperties,
            },
          },
          400,
          404,
        ),
      },
    },
    async ({ params, body }) => {
      const cluster = await requireCluster(store, params.cluster)
      return sealPublishingDomain(cluster, await openCluster(cluster.name), body.password, random)
    },
  )

  app.post<{ Params: { cluster: string }; Body: { password: string; file: PublishingDomainFile }; Headers: Headers }>(
    address,
    {
      bodyLimit: longestFile,
      schema: {
        tags,
        summary: 'Import a publishing domain',
        description:
          'Its key opens licenses from then on; it never signs. Whoever published there needs no change, whoever reads asks here.',
        params,
        headers: ifMatchHeader,
        body: closed({ password, file: { ...closed(fileProperties, fileNames), description: 'As exported' } }, [
          'password',
          'file',
        ]),
        response: answers({ 201: { description: 'The domain', ...domain } }, 400, 404, 409, 412),
      },
    },
    async ({ params, body, headers }, reply) => {
      const cluster = await requireCluster(store, params.cluster)
      const office = { store, openCluster, random }
      const added = await importPublishingDomain(office, cluster.name, body, headers['if-match'])
      return reply.code(201).send(describe(added))
    },
  )

  app.delete<{ Params: { cluster: string; id: string }; Headers: Headers }>(
    `${address}/:id`,
    {
      schema: {
        tags,
        summary: 'Remove a trusted publishing domain',
        description: 'What was published there gets no licenses here any more.',
        params: path({ cluster: clusterName, id: keyIdSchema }),
        headers: ifMatchHeader,
        response: answers(removed, 400, 404, 409, 412),
      },
    },
    async ({ params, headers }, reply) => {
      await changeConfiguration(store, params.cluster, headers['if-match'], ({ trustedLicensingServers: stored }) => {
        const rest = stored.filter(({ publicKey }) => keyId(publicKey) !== params.id)
        if (rest.length === stored.length) problem(404, `No trusted publishing domain has the id ${params.id}`)
        return { trustedLicensingServers: rest }
      })
      return reply.code(204).send()
    },
  )
}

function describe({ slc, publicKey, templates }: TrustedLicensingServer): object {
  const [certificate] = readDocuments(slc[0] ?? '')
  return {
    id: keyId(publicKey),
    name: certificate?.body.issuedPrincipal?.object?.name ?? null,
    publicKey,
    templates: templates.length,
  }
}
