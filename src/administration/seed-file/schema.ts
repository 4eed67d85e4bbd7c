/** JSON Schema of seed files: what the parser checks by, and what editors complete from. schemas/seed-file.json in the package is written from it. */
import { longestSeed } from '../../config/seed-text.js'
import { clockModes } from '../../lab/clock-setting.js'
import { catalogue } from '../../lab/faults/catalogue.js'
import { documentFaults } from '../../lab/faults/document-fault.js'
import { matchMembers } from '../../lab/faults/match.js'
import { changeable, version } from '../configuration-fields.js'
import {
  closed,
  line,
  mailAddress,
  namedGroup,
  namedMember,
  newName,
  password,
  proxyAddresses,
  publicKey,
  sid,
  url,
} from '../input-schemas.js'
import { fileNames, filePassword, fileProperties } from '../publishing-domain-fields.js'
import { guid, templateFields } from '../template-fields.js'
import { domain, forestPassword, location, user } from '../trusted-forests.js'
import { mostAccounts, mostClusters, mostGroups, mostMembers, mostTemplates, seedSettings } from './seed-file.js'

const flag = { type: 'boolean' } as const
const list = (items: object, maxItems: number): object => ({ type: 'array', maxItems, items })

const account = closed(
  {
    name: newName,
    mail: { ...mailAddress, description: 'a mail address. Without one the account cannot be certified' },
    proxyAddresses,
    password: { ...password, description: 'a password. Passw0rd! when left out' },
    enabled: { ...flag, description: 'A disabled account cannot sign in. true when left out' },
    sid: { ...sid, description: 'a SID. Made from the name when left out' },
    sidHistory: { ...list(sid, 100), description: 'SIDs that it had in former domains' },
    groups: { ...list(namedGroup, 100), description: 'Groups that it is a direct member of' },
  },
  ['name'],
)

const group = closed(
  {
    name: { ...newName, examples: ['finance'] },
    mail: { ...mailAddress, description: 'a mail address. Rights are given to groups by it' },
    proxyAddresses,
    sid: { ...sid, description: 'a SID. Made from the name when left out' },
    members: { ...list(namedMember, mostMembers), description: 'Accounts and groups' },
  },
  ['name'],
)

const { grants } = templateFields
const template = closed(
  {
    guid: { ...guid, description: 'a GUID, with or without braces' },
    ...templateFields,
    state: {
      type: 'string',
      enum: ['published', 'archived'],
      description: 'archived: not distributed, but honored. published when left out',
    },
    grants: {
      ...grants,
      items: closed<Readonly<Record<string, object>>>(
        {
          ...(grants.items as { readonly properties: Readonly<Record<string, object>> }).properties,
          known: { ...flag, description: 'false: nobody in the directory needs to have the address' },
        },
        ['to', 'rights'],
      ),
    },
    customRights: {
      ...list({ type: 'string', maxLength: 64, pattern: '^[A-Za-z0-9_.-]{1,64}$' }, 50),
      description: 'Rights of applications that this template gives: no specification has them',
    },
  },
  ['guid', 'texts', 'grants'],
)

const exclusion = closed({
  applications: { ...changeable.applicationExclusionPolicy, description: 'Use licenses tell clients to refuse them' },
  accounts: {
    ...list(
      closed(
        {
          publicKey,
          account: { ...line(256, 'CONTOSO\\mallory'), description: 'Whose key it is, for people' },
          since: { type: 'string', maxLength: 40, description: 'ISO 8601' },
        },
        ['publicKey'],
      ),
      10_000,
    ),
    description: 'Keys of account certificates that get no licenses',
  },
  securityProcessor: { ...version, description: 'a version of one to four numbers: the lowest that is served' },
})

const trust = closed({
  userDomains: list(
    {
      ...closed({
        certificate: {
          type: 'string',
          minLength: 1,
          maxLength: 500_000,
          description: 'SLC with the chain above it: XrML documents, leaf first',
        },
        publicKey,
      }),
      minProperties: 1,
      maxProperties: 1,
    },
    100,
  ),
  publishingDomains: list(
    closed({ file: { ...closed(fileProperties, fileNames), description: 'As exported' }, password: filePassword }, [
      'file',
      'password',
    ]),
    100,
  ),
  forests: list(closed({ domain, url: location, user, password: forestPassword }, ['domain', 'url']), 100),
})

const cluster = closed(
  {
    name: {
      type: 'string',
      maxLength: 64,
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
      description: 'a name of letters, digits, dots, hyphens and underscores. The root cluster is called root',
      examples: ['root'],
    },
    kind: { type: 'string', enum: ['root', 'licensing'] },
    servers: { type: 'integer', minimum: 1, maximum: 64, description: '1 when left out' },
    mode: { type: 'integer', enum: [1, 2], description: 'Cryptographic mode, of the root: that of all clusters' },
    url: { ...url, description: 'a URL of http or https: where clients see it, without /_wmcs' },
    templates: list(template, mostTemplates),
    superUsers: closed(
      {
        group: { ...mailAddress, description: 'the mail address of a group', examples: ['superusers@contoso.test'] },
        enabled: { ...flag, description: 'true when left out' },
      },
      ['group'],
    ),
    exclusion,
    access: {
      type: 'object',
      maxProperties: 100,
      additionalProperties: {
        description: 'a list of accounts and groups, or everybody',
        anyOf: [{ const: 'everybody' }, list(line(256, 'CONTOSO\\RMS Service Group'), 1000)],
      },
      description: 'Access lists by endpoint, such as license or /certification/subenrollservice.asmx',
    },
    trust,
    settings: {
      ...closed(Object.fromEntries(seedSettings.map((name) => [name, changeable[name] ?? {}]))),
      description: 'As PATCH /clusters/NAME/configuration takes them',
    },
  },
  ['name'],
)

const anyOfWords = {
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 50 }],
  description: 'a text, or a list of them',
}
const fault = closed({
  ready: { type: 'string', enum: catalogue.map(({ name }) => name), description: 'A fault of the catalogue' },
  match: {
    ...closed(Object.fromEntries(matchMembers.map((member) => [member, anyOfWords]))),
    description: 'Which requests; all when left out',
  },
  effect: {
    ...closed({
      exception: { type: 'string', maxLength: 300 },
      code: { type: 'string', maxLength: 300 },
      http: { type: 'integer' },
      challenge: { type: 'string', maxLength: 200 },
      delay: {},
      reset: { const: true },
      truncate: { type: 'integer' },
      hang: { const: true },
      document: { type: 'string', enum: [...documentFaults] },
    }),
    description: 'What becomes of the answer: one of these',
  },
  when: { type: 'object', description: 'How often; always when left out' },
  seed: { type: 'integer', minimum: 0 },
})

const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Seed file of rms-emulator',
  ...closed({
    $schema: { type: 'string', maxLength: 2000 },
    forest: {
      type: 'string',
      minLength: 1,
      maxLength: 1000,
      description: 'a DNS name: that of the forest. That of --forest when left out, or contoso.test',
      examples: ['fabrikam.test'],
    },
    builtIn: {
      ...flag,
      description: 'Whether the built-in accounts, groups and templates are there too. true when left out',
    },
    accounts: list(account, mostAccounts),
    groups: list(group, mostGroups),
    clusters: { ...list(cluster, mostClusters), minItems: 1, description: 'All clusters of the installation' },
    seed: {
      anyOf: [
        { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
        { type: 'string', minLength: 1, maxLength: longestSeed },
      ],
      description:
        'a whole number from 0 on, or a text of 1 to 128 characters: what keys, GUIDs and all that is drawn follow from',
    },
    clock: {
      ...closed(
        {
          mode: { type: 'string', enum: [...clockModes] },
          by: { type: 'string', description: 'a duration of ISO 8601, such as PT5M' },
          at: { type: 'string', description: 'an instant of ISO 8601, such as 2026-01-01T00:00:00Z' },
        },
        ['mode'],
      ),
      description: 'The clock of the forest',
    },
    faults: {
      type: 'object',
      maxProperties: 100,
      additionalProperties: fault,
      description: 'By name, as PUT /lab/faults/NAME takes them',
    },
  }),
}

/** Left out is the only way to say nothing: there is no null, and what counts then is not for a validator. */
function plain(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(plain)
  if (typeof part !== 'object' || part === null) return part
  const members = Object.entries(part).filter(([name]) => name !== 'nullable' && name !== 'default')
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]))
}

export const seedFileSchema = plain(schema) as Readonly<Record<string, unknown>>
