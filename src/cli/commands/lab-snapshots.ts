/** `lab snapshot`: states of a running installation that are kept by name. */
import type { Returned } from '../../administration/lab/return-to.js'
import type { SnapshotFile } from '../../administration/lab/snapshot-file.js'
import type { SnapshotAbout } from '../../cluster/store/snapshot-store.js'
import { newPasswordOf, passwordOf, type PasswordFlags } from '../ask-password.js'
import { Failure } from '../failure.js'
import { readInput, requireFree, writeResult } from '../files.js'
import { callManagement, type ManagementSettings } from '../management-call.js'
import { createOutput, table } from '../output.js'
import { atServers } from './lab-state.js'
import { shellWord } from '../../command-line.js'
import { nextCommand } from '../next-command.js'

type SnapshotSettings = ManagementSettings & { readonly json: boolean }

export async function listSnapshots(settings: SnapshotSettings): Promise<void> {
  const found = (await callManagement(settings, { method: 'GET', path: '/lab/snapshots' })) as {
    readonly snapshots: readonly SnapshotAbout[]
  }
  const rows = found.snapshots.map(({ name, taken, hash }) => [name, taken, hash.slice(0, 12)])
  const hint = rows.some(([name]) => name !== 'start')
    ? ''
    : `One of now is kept by ${nextCommand('lab snapshot take NAME')}`
  const text =
    rows.length === 0
      ? `No snapshot is kept. ${hint}`
      : `${table([['name', 'taken', 'state'], ...rows], { hasHeader: true })}${hint && `\n${hint}`}`
  createOutput(settings.json).result(found, text)
}

export async function takeSnapshot(settings: SnapshotSettings, name: string): Promise<void> {
  const about = (await callManagement(settings, { method: 'PUT', path: pathOf(name) })) as SnapshotAbout
  const text = `${name} is kept. Return to it with: ${nextCommand(`lab snapshot restore ${shellWord(name)}`)}`
  createOutput(settings.json).words({ event: 'snapshot', ...about }, text)
}

export async function restoreSnapshot(settings: SnapshotSettings, name: string): Promise<void> {
  const path = `${pathOf(name)}/restore`
  const returned = (await callManagement(settings, { method: 'POST', path })) as Returned
  const text = `Everything is as in ${name} ${atServers(returned)}. The journal begins anew.`
  createOutput(settings.json).words({ event: 'restored', ...returned }, text)
}

export async function removeSnapshot(settings: SnapshotSettings, name: string): Promise<void> {
  await callManagement(settings, { method: 'DELETE', path: pathOf(name) })
  createOutput(settings.json).result({ event: 'snapshot-removed', name }, `${name} is gone.`)
}

interface Wanted<Flags, Name = string> {
  readonly name: Name
  readonly file: string
  readonly flags: Flags
}

export async function exportSnapshot(
  settings: SnapshotSettings,
  { name, file, flags }: Wanted<PasswordFlags & { readonly force: boolean }>,
): Promise<void> {
  const target = { path: file, force: flags.force }
  requireFree(target)
  const body = { password: await newPasswordOf(flags) }
  const written = await callManagement(settings, { method: 'POST', path: `${pathOf(name)}/export`, body })
  await writeResult(target, Buffer.from(`${JSON.stringify(written)}\n`))
  const text = `${name} is in ${file}. Whoever has it and the password has every key of the installation.`
  createOutput(settings.json).words({ event: 'exported', name, file }, text)
}

/** Without a name it is called as the file says. */
export async function importSnapshot(
  settings: SnapshotSettings,
  { name: wanted, file, flags }: Wanted<PasswordFlags, string | undefined>,
): Promise<void> {
  const given = readFile(file, (await readInput(file)).toString('utf8'))
  const name = wanted ?? nameOf(given, file)
  const body = { password: await passwordOf(flags), file: given }
  const about = (await callManagement(settings, {
    method: 'POST',
    path: `${pathOf(name)}/import`,
    body,
  })) as SnapshotAbout
  const text = `${file} is kept as ${name}. Return to it with: ${nextCommand(`lab snapshot restore ${shellWord(name)}`)}`
  createOutput(settings.json).words({ event: 'imported', ...about }, text)
}

function readFile(path: string, text: string): SnapshotFile {
  try {
    return JSON.parse(text) as SnapshotFile
  } catch {
    throw new Failure(
      `${path} is no file of a snapshot. One is written by ${nextCommand('lab snapshot export NAME FILE')}`,
      2,
    )
  }
}

function nameOf(given: { readonly name?: unknown } | null, file: string): string {
  if (typeof given?.name === 'string' && given.name !== 'start') return given.name
  throw new Failure(
    given?.name === 'start'
      ? `${file} holds the state of a start: say what it is to be called here: ${nextCommand(`lab snapshot import NAME ${shellWord(file)}`)}`
      : `${file} is no file of a snapshot. One is written by ${nextCommand('lab snapshot export NAME FILE')}`,
    2,
  )
}

function pathOf(name: string): string {
  return `/lab/snapshots/${encodeURIComponent(name)}`
}
