/** The URLs of a cluster that its certificates and licenses name (adrms-deployment 1.7). */
import type { FastifyInstance } from 'fastify'
import { changeConfiguration, etagOf, requireCluster } from '../../administration/change-configuration.js'
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { ManagementApi } from './management-api.js'
import { answers, closed, clusterName, ifMatchHeader, path, url } from './schemas.js'

/** undefined: stays; null: none. */
interface Urls {
  readonly certification?: string | null
  readonly licensing?: string | null
  readonly extranetCertification?: string | null
  readonly extranetLicensing?: string | null
}

const orNull = (description: string, example: string): object => ({
  ...url,
  nullable: true,
  description,
  examples: [example],
})
const settable = {
  certification: orNull(
    'Certification, when it is not below the base; at a licensing-only cluster when it is not where the service connection point says',
    'https://rms.contoso.test/_wmcs/certification',
  ),
  licensing: orNull(
    'Licensing, when it is not below the base: another name of this cluster, or another cluster',
    'https://rms.contoso.test/_wmcs/licensing',
  ),
  extranetCertification: orNull(
    'Certification as seen from outside',
    'https://rms.contoso.example/_wmcs/certification',
  ),
  extranetLicensing: orNull('Licensing as seen from outside', 'https://rms.contoso.example/_wmcs/licensing'),
}
const schema = {
  description: 'URLs of the cluster',
  type: 'object',
  properties: { base: { type: 'string', description: 'For life' }, ...settable },
} as const
const tags = ['configuration']
const params = path({ cluster: clusterName })
const address = '/clusters/:cluster/urls'

export function registerUrls(app: FastifyInstance, { store }: ManagementApi): void {
  app.get<{ Params: { cluster: string } }>(
    address,
    { schema: { tags, summary: 'URLs of a cluster', params, response: answers({ 200: schema }, 400, 404) } },
    async ({ params }) => describe((await requireCluster(store, params.cluster)).configuration),
  )

  app.put<{ Params: { cluster: string }; Body: Urls; Headers: { 'if-match'?: string } }>(
    address,
    {
      schema: {
        tags,
        summary: 'Set the URLs of a cluster',
        description:
          'They stand in certificates and licenses issued from then on: clients need a new CLC, and content published before keeps the old ones. What is left out stays, null takes it away. The service connection point goes with the root that it names.',
        params,
        headers: ifMatchHeader,
        body: { ...closed(settable), minProperties: 1 },
        response: answers({ 200: schema }, 400, 404, 409, 412),
      },
    },
    async ({ params, body, headers }, reply) => {
      const saved = await changeConfiguration(store, params.cluster, headers['if-match'], (stored) => ({
        certificationUrl: given(body.certification, stored.certificationUrl),
        licensingUrl: given(body.licensing, stored.licensingUrl),
        externalCertificationUrl: given(body.extranetCertification, stored.externalCertificationUrl),
        externalLicensingUrl: given(body.extranetLicensing, stored.externalLicensingUrl),
      }))
      return reply.header('etag', etagOf(saved)).send(describe(saved))
    },
  )
}

/** Paths are put behind these URLs: no slash at the end. */
function given(value: string | null | undefined, stored: string | null): string | null {
  return value === undefined ? stored : (value?.replace(/\/$/, '') ?? null)
}

function describe({
  baseUrl,
  certificationUrl,
  licensingUrl,
  externalCertificationUrl,
  externalLicensingUrl,
}: ServerConfiguration): object {
  return {
    base: baseUrl,
    certification: certificationUrl,
    licensing: licensingUrl,
    extranetCertification: externalCertificationUrl,
    extranetLicensing: externalLicensingUrl,
  }
}
