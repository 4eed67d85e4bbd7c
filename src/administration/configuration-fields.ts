/** JSON Schema of the fields of a cluster's configuration that are an administrator's to change. */
import type { ServerConfiguration } from '../cluster/configuration.js'
import { capacityLimits, longestQueue, serviceDistributions } from '../sizing/emulated-server.js'
import { closed, line, mailAddress, publicKey, url } from './input-schemas.js'

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
export const orNull = (schema: object): object => ({ ...schema, nullable: true })

/** What may be changed. Trust has routes of its own; names, keys, certificates, mode and base URL are for life. */
export const changeable: Partial<Readonly<Record<keyof ServerConfiguration, object>>> = {
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
