/** The folder that a report goes to: looked at before the work, which may take long. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { Failure } from './failure.js'
import { reason } from './files.js'
import { makeFolder } from '../make-folder.js'

/** Makes it where it is not there. @throws Failure when nothing can be written to it */
export async function requireFolder(folder: string): Promise<void> {
  try {
    makeFolder(folder)
    await access(folder, constants.W_OK)
  } catch (error) {
    throw new Failure(`The folder ${folder} cannot be used: ${reason(error)}. Give another one with --out DIR`)
  }
}
