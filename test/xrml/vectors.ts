/** Genuine Microsoft certificates, kept beside the project and not part of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../../../shared/vectors/', import.meta.url)

export const skipWithoutVectors: { readonly skip?: string } = existsSync(folder)
  ? {}
  : { skip: 'the genuine certificates are not here' }

export function vectorNames(): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.xrml')) : []
}

export function readVector(name: string): Buffer {
  return readFileSync(new URL(name, folder))
}
