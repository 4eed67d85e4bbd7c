/** The folder that a report goes to: looked at before the work, which may take long. */
import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { Failure } from './failure.js'
import { reason } from './files.js'

/** Makes it where it is not there. @throws Failure when nothing can be written to it */
export async function requireFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (error) {
    throw new Failure(`The folder ${folder} cannot be used: ${reason(error)}. Give another one with --out DIR`)
  }
}
