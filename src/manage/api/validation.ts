/** Validation of requests: unknown properties are refused, texts in the URL become numbers where the schema says so. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type {
  FastifyRouteSchemaDef,
  FastifySchema,
  FastifySchemaValidationError,
  FastifyValidationResult,
} from 'fastify/types/schema.js'

const strict = new Ajv({ useDefaults: true, strict: false })
/** What stands in a URL or header is text. */
const coercing = new Ajv({ useDefaults: true, coerceTypes: true, strict: false })

/** A schema is compiled when its route is first asked: all of them at the start take as long as the rest of it. */
export function compileValidator({ schema, httpPart }: FastifyRouteSchemaDef<FastifySchema>): FastifyValidationResult {
  const ajv = httpPart === 'body' ? strict : coercing
  let validate: ValidateFunction | undefined
  return (data: unknown) => {
    validate ??= ajv.compile(schema as object)
    return validate(data) || { error: (validate.errors ?? []) as FastifySchemaValidationError[] }
  }
}

/** One sentence for people on the first thing that is wrong. */
export function explainValidation(errors: readonly FastifySchemaValidationError[], part: string): Error {
  const [first] = errors as readonly ErrorObject[]
  return new Error(first === undefined ? `The ${part} is wrong` : sentence(first, part))
}

function sentence({ keyword, instancePath, params, message }: ErrorObject, part: string): string {
  const where = instancePath === '' ? part : `${part}${instancePath}`
  const named = (name: string): string =>
    JSON.stringify((params as Readonly<Record<string, string | undefined>>)[name]?.slice(0, 100) ?? '')
  switch (keyword) {
    case 'additionalProperties':
      return `${where} has the field ${named('additionalProperty')}, which is unknown or cannot be set here`
    case 'required':
      return `${where} lacks the field ${named('missingProperty')}`
    case 'enum':
      return `${where} must be one of ${((params as { allowedValues?: readonly unknown[] }).allowedValues ?? []).join(', ')}`
    default:
      return `${where} ${message ?? 'is wrong'}`
  }
}
