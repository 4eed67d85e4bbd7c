/** `lab scopes`: forests of their own below `/f/NAME` of a running installation. */
import type { ScopeReading } from '../../installation/scopes/scopes.js'
import { callManagement, type ManagementSettings } from '../management-call.js'
import { createOutput, table } from '../output.js'

type ScopeSettings = ManagementSettings & { readonly json: boolean }

interface Listing {
  readonly most: number
  readonly idleSeconds: number
  readonly scopes: readonly ScopeReading[]
}

export async function listScopes(settings: ScopeSettings): Promise<void> {
  const found = (await callManagement(settings, { method: 'GET', path: '/lab/scopes' })) as Listing
  const rows = found.scopes.map(({ name, url, used, running }) => [name, url, running > 0 ? 'now' : used])
  const text =
    rows.length === 0
      ? `There is none yet, and there may be ${found.most}: the first request below /f/NAME/_wmcs or /f/NAME/my makes one.`
      : table([['scope', 'URL', 'used'], ...rows], { hasHeader: true })
  createOutput(settings.json).result(found, text)
}

export async function putScope(settings: ScopeSettings, name: string): Promise<void> {
  const scope = (await callManagement(settings, { method: 'PUT', path: pathOf(name) })) as ScopeReading
  createOutput(settings.json).words({ event: 'scope', ...scope }, `${name} is at ${scope.url}`)
}

export async function removeScope(settings: ScopeSettings, name: string): Promise<void> {
  await callManagement(settings, { method: 'DELETE', path: pathOf(name) })
  createOutput(settings.json).result({ event: 'scope-removed', name }, `${name} is gone.`)
}

export async function clearScopes(settings: ScopeSettings): Promise<void> {
  const { removed } = (await callManagement(settings, { method: 'DELETE', path: '/lab/scopes' })) as {
    readonly removed: readonly string[]
  }
  const text = removed.length === 0 ? 'There was none.' : `Gone: ${removed.join(', ')}.`
  createOutput(settings.json).words({ event: 'scopes-removed', removed }, text)
}

function pathOf(name: string): string {
  return `/lab/scopes/${encodeURIComponent(name)}`
}
