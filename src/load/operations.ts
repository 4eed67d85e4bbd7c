/** What load is made of. */

export const loadOperations = ['license', 'certify', 'clc', 'publish', 'templates', 'locate'] as const
export type LoadOperation = (typeof loadOperations)[number]

/** The operation of the protocol. */
export const soapNames: Readonly<Record<LoadOperation, string>> = {
  license: 'AcquireLicense',
  certify: 'Certify',
  clc: 'GetClientLicensorCert',
  publish: 'AcquireIssuanceLicense',
  templates: 'AcquireTemplateInformation',
  locate: 'FindServiceLocationsForUser',
}

/** An operation and how much of the load it is, next to the weights of the others. */
export interface MixPart {
  readonly operation: LoadOperation
  readonly weight: number
}

/** Something that is no operation; the message names those there are. */
export class UnknownOperation extends Error {
  override readonly name = 'UnknownOperation'
}

/** @throws UnknownOperation */
export function readMix(parts: readonly { readonly key: string; readonly value: number }[]): readonly MixPart[] {
  return parts.map(({ key, value }) => {
    const operation = loadOperations.find((name) => name === key)
    if (operation === undefined)
      throw new UnknownOperation(`There is no operation "${key}" for --mix: there are ${loadOperations.join(', ')}`)
    return { operation, weight: value }
  })
}

/** @param chance from 0 (included) to 1 (excluded) */
export function chooseOperation(mix: readonly MixPart[], chance: number): LoadOperation {
  let left = chance * mix.reduce((sum, { weight }) => sum + weight, 0)
  for (const { operation, weight } of mix) {
    left -= weight
    if (left < 0) return operation
  }
  return mix.at(-1)?.operation ?? 'license'
}
