/** JSON Schema of the file that a publishing domain travels in (PublishingDomainFile), and of its password. */
import { publishingDomainFormat } from './publishing-domain-file.js'

export const fileProperties = {
  format: { type: 'string', enum: [publishingDomainFormat] },
  name: { type: 'string', maxLength: 256, description: 'Of the cluster it comes from' },
  slc: {
    type: 'array',
    minItems: 1,
    maxItems: 20,
    items: { type: 'string', minLength: 1, maxLength: 500_000 },
    description: 'XrML documents, leaf first',
  },
  templates: {
    type: 'array',
    maxItems: 1000,
    items: { type: 'string', minLength: 1, maxLength: 1_000_000 },
    description: 'Signed templates',
  },
  salt: { type: 'string', maxLength: 100, pattern: '^[A-Za-z0-9+/]{22,64}={0,2}$' },
  sealedPrivateKey: { type: 'string', maxLength: 20_000, description: 'The private key, sealed under the password' },
} as const
export const fileNames = ['format', 'name', 'slc', 'templates', 'salt', 'sealedPrivateKey'] as const
export const filePassword = {
  type: 'string',
  minLength: 8,
  maxLength: 1024,
  description: 'Of the file, not of the cluster',
} as const
