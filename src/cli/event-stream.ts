/** Server-sent events of the management API, as they come. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { Failure } from './failure.js'
import { managementBase, managementUrl, type ManagementSettings } from './management-call.js'
import { findToken } from './management-token.js'
import { commandLine } from '../command-line.js'
import { withPlace } from './next-command.js'

export interface ServerEvent {
  readonly event: string
  readonly data: unknown
}

/**
 * Ends when the installation does, or at the signal.
 * @throws Failure with the reason of the installation
 */
export async function* managementEvents(
  settings: ManagementSettings,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const base = await managementBase(settings)
  const url = managementUrl(base, path)
  const bearer = settings.token ?? findToken(base)
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
  const asked = request(url, { headers, signal })
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  if (answer.statusCode !== 200) throw new Failure(await reasonOf(answer, url))
  answer.setEncoding('utf8')
  let open = ''
  try {
    for await (const chunk of answer as AsyncIterable<string>) {
      const blocks = (open + chunk).split('\n\n')
      open = blocks.pop() ?? ''
      yield* blocks.flatMap((block) => eventOf(block) ?? [])
    }
  } catch (error) {
    // It was stopped, or we were.
    if (!signal.aborted && (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
  }
}

async function reasonOf(answer: IncomingMessage, url: URL): Promise<string> {
  const text = await readText(answer)
  try {
    return withPlace((JSON.parse(text) as { readonly message: string }).message)
  } catch {
    return `${url.href} answers HTTP ${answer.statusCode}, but not as an installation does. Is this its management address? ${commandLine('up')} prints it`
  }
}

/** @returns undefined for a comment */
function eventOf(block: string): ServerEvent | undefined {
  const field = (name: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  const data = field('data')
  return data === undefined ? undefined : { event: field('event') ?? 'message', data: JSON.parse(data) as unknown }
}
