/** Certificates and licenses by hand. */
import type { FastifyInstance } from 'fastify'
import { issue } from '../../../administration/lab/issue.js'
import { issuedKinds } from '../../../administration/lab/issue-wanted.js'
import type { IssuingOffice } from '../../../administration/lab/issuing-office.js'
import { documentFaults } from '../../../lab/faults/document-fault.js'
import { answers } from '../schemas.js'
import { tags } from './schemas.js'

const text = { type: 'string' } as const

const wanted = {
  type: 'object',
  properties: {
    kind: { ...text, description: issuedKinds.join(', '), examples: ['rac'] },
    account: {
      ...text,
      description: 'Whom it is for; of a PL the author. Mail address, name or SID',
      examples: ['alice@contoso.test'],
    },
    cluster: { ...text, description: 'Which cluster makes it; the root when left out' },
    machine: {
      ...text,
      description: 'Of certs/machines: which one an account certificate is for',
      examples: ['alice-pc-mode2'],
    },
    wrong: { ...text, description: `In which way it is bad: ${documentFaults.join(', ')}. Good when left out` },
    rights: {
      type: 'array',
      description: 'Of a PL and a UL: who may do what. ANYONE has VIEW when neither rights nor a template is given',
      items: { type: 'object', additionalProperties: true },
      examples: [[{ to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'] }]],
    },
    anyRight: { type: 'boolean', description: 'Takes rights that nobody knows' },
    template: { ...text, description: 'Name or GUID of a template, in place of rights' },
    owner: { ...text, description: 'Of a UL: who is the author; somebody else than account when left out' },
    license: {
      ...text,
      description: 'Of a UL: the PL that it is for, as XrML or base64 of it; a new one when left out',
    },
  },
} as const

const issued = {
  description: 'What was made',
  type: 'object',
  properties: {
    kind: text,
    account: text,
    cluster: text,
    wrong: text,
    machine: { ...text, description: 'Whose key of certs/machines opens the account certificate' },
    contentId: text,
    license: { ...text, description: 'The PL that a UL is for, with its chain' },
    documents: {
      type: 'array',
      description: 'What was asked for first, then the chain of the cluster',
      items: {
        type: 'object',
        properties: {
          kind: text,
          id: text,
          hash: { ...text, description: 'SHA-256 of its text' },
          characters: { type: 'integer' },
          text: { ...text, description: 'XrML' },
        },
      },
    },
    chain: { ...text, description: 'The same in one text, as files have it' },
  },
} as const

export function registerIssue(app: FastifyInstance, office: IssuingOffice): void {
  app.post(
    '/lab/issue',
    {
      bodyLimit: 8 * 1024 * 1024,
      schema: {
        tags,
        summary: 'Make a certificate or license for somebody, rightly or wrongly on purpose',
        description:
          'The services make it by their own steps, as if the account had signed in and asked; what they refuse is a 409 with their reason. It stands in no request log.',
        body: wanted,
        response: answers({ 200: issued }, 400, 409),
      },
    },
    async ({ body }) => issue(office, body),
  )
}
