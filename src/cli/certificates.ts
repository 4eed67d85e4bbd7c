/** Certificates that `--ca` names: in a file, or where a running installation has them. */
import { answerWithin } from '../effects.js'
import { Failure } from './failure.js'
import { readInput } from './files.js'

/** Milliseconds. */
const longestWait = 10_000

/**
 * @param place path, or http(s) address such as /ca.pem of the management listener
 * @returns PEM
 * @throws Failure when nothing is to be had there
 */
export async function readCertificates(place: string): Promise<string> {
  if (!/^https?:\/\//i.test(place)) return String(await readInput(place))
  const { adviceOnError } = await import('../client/advice.js')
  const response = await fetch(place, { signal: answerWithin(longestWait) }).catch((error: unknown) => {
    throw new Failure(`--ca ${place} cannot be read: ${adviceOnError(error, place, longestWait)}`)
  })
  const text = await response.text()
  if (response.ok && text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new Failure(`--ca ${place} has no certificates (HTTP ${response.status})`)
}
