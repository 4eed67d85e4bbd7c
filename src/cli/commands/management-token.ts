/** `management-token`: the token that management asks for, of a running installation of this account on this machine. */
import type { Settings } from '../../config/options.js'
import { Failure } from '../failure.js'
import { findToken } from '../management-token.js'
import { createOutput } from '../output.js'
import { runningManage } from '../running-installations.js'
import { commandLine } from '../../command-line.js'

export async function managementToken({ json, manage: told, token: given }: Settings<'status'>): Promise<void> {
  const manage = told ?? (await runningManage())
  const token = given ?? findToken(manage)
  if (token === undefined)
    throw new Failure(
      `No installation of this account on this machine has its management at ${manage}. ${commandLine('up')} prints the management token; name another address with --manage URL`,
    )
  createOutput(json).result({ manage, token }, token)
}
