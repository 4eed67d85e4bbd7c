/** Asks a server that has the binary form of group expansion alone, as those of RMS 1.0 and 1.0 SP1 ([MS-RMPRS] 2.1.1.1). */
import { CallFailed } from '../../client/soap-caller.js'
import type { ServiceAccount } from '../../cluster/service-account.js'
import type { Question } from './other-forests.js'
import { MalformedRemoting, readAnswer } from './remoting-reader.js'
import { writeQuestion } from './remoting-request.js'
import { answerWithin } from '../../effects.js'

/** What we say to be: the last version that has the binary form. */
const version = '5.2.3790.300'
/** Bytes of an answer. */
const largestAnswer = 256 * 1024

export const remotingType = 'application/octet-stream'

/** Whether this address is that of the binary form. */
export function isRemotingUrl(url: string): boolean {
  return /\/DirectoryServices\.rem$/i.test(url)
}

/** @throws CallFailed */
export async function askByRemoting(
  url: string,
  question: Question,
  { user, password }: ServiceAccount,
  timeoutMilliseconds: number,
): Promise<boolean> {
  let status: number | undefined
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': remotingType,
        'user-agent': 'Mozilla/4.0+(compatible; MS .NET Remoting)',
        authorization: `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`,
      },
      body: writeQuestion(question, version),
      redirect: 'manual',
      signal: answerWithin(timeoutMilliseconds),
    })
    status = response.status
    if (status !== 200 && status < 500) {
      await response.body?.cancel()
      throw new CallFailed(
        url,
        status,
        `${url} answered HTTP ${status}: check its address, and whether it admits ${user}`,
      )
    }
    return readAnswer(await bounded(response), version)
  } catch (error) {
    if (error instanceof CallFailed) throw error
    const why = error instanceof Error ? error.message : String(error)
    const what = error instanceof MalformedRemoting ? 'answered with no binary group expansion' : 'cannot be called'
    throw new CallFailed(url, status, `${url} ${what}: ${why}`, error)
  }
}

async function bounded(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > largestAnswer) throw new MalformedRemoting(`it has more than ${largestAnswer} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
