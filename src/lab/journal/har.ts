/** Entries as an HTTP archive (HAR 1.2), for the network panel of a browser. What HAR has no place for stands in members that begin with _. */
import { STATUS_CODES } from 'node:http'
import type { Header } from './blank-secrets.js'
import { headerOf, type AnswerMessage, type JournalEntry, type RequestMessage } from './entry.js'

export interface Har {
  readonly log: {
    readonly version: '1.2'
    readonly creator: { readonly name: string; readonly version: string }
    readonly entries: readonly HarEntry[]
  }
}

interface Named {
  readonly name: string
  readonly value: string
}

interface HarEntry {
  readonly startedDateTime: string
  readonly time: number
  readonly request: object
  readonly response: object
  readonly cache: object
  readonly timings: { readonly send: number; readonly wait: number; readonly receive: number }
  readonly comment?: string
  readonly [own: `_${string}`]: unknown
}

/** @param entries with their messages; those without are left out */
export function toHar(entries: readonly JournalEntry[], version: string): Har {
  return { log: { version: '1.2', creator: { name: 'rms-emulator', version }, entries: entries.flatMap(harEntry) } }
}

function harEntry(entry: JournalEntry): readonly HarEntry[] {
  const { request, answer, time, ms, why } = entry
  if (request === undefined || answer === undefined) return []
  return [
    {
      startedDateTime: time,
      time: ms,
      request: harRequest(request),
      response: harResponse(answer),
      cache: {},
      // Of the network a server knows nothing: all of the time is its own.
      timings: { send: 0, wait: ms, receive: 0 },
      ...(why === undefined ? {} : { comment: why }),
      _id: entry.id,
      _node: entry.node,
      _cluster: entry.cluster,
      _listener: entry.listener,
      _operation: entry.operation,
      _user: entry.user,
      _outcome: entry.outcome,
      _faults: entry.faults,
      _steps: entry.steps,
      _decision: entry.decision,
      _nearMisses: entry.nearMisses,
      _documents: entry.documents,
    },
  ]
}

function harRequest(request: RequestMessage): object {
  const { method, url, httpVersion, headers, body, encoding } = request
  const mimeType = headerOf(headers, 'content-type')
  return {
    method,
    url,
    httpVersion: `HTTP/${httpVersion}`,
    cookies: headers.filter(({ name }) => name.toLowerCase() === 'cookie').flatMap(({ value }) => cookiesIn(value)),
    headers: named(headers),
    queryString: queryOf(url),
    ...(body === ''
      ? {}
      : { postData: { mimeType, text: body, ...(encoding === undefined ? {} : { comment: 'in base64' }) } }),
    headersSize: -1,
    bodySize: bytesOf(request),
  }
}

function harResponse(answer: AnswerMessage): object {
  const { status, httpVersion, headers, body, encoding } = answer
  const size = bytesOf(answer)
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    httpVersion: `HTTP/${httpVersion}`,
    cookies: headers
      .filter(({ name }) => name.toLowerCase() === 'set-cookie')
      .flatMap(({ value }) => cookiesIn(value.replace(/;[^]*$/, ''))),
    headers: named(headers),
    content: {
      size,
      mimeType: headerOf(headers, 'content-type'),
      text: body,
      ...(encoding === undefined ? {} : { encoding }),
    },
    redirectURL: headerOf(headers, 'location'),
    headersSize: -1,
    bodySize: size,
  }
}

function named(headers: readonly Header[]): readonly Named[] {
  return headers.map(({ name, value }) => ({ name, value }))
}

function cookiesIn(value: string): readonly Named[] {
  return value.split(';').map((pair) => {
    const [name = '', ...rest] = pair.split('=')
    return { name: name.trim(), value: rest.join('=').trim() }
  })
}

function queryOf(url: string): readonly Named[] {
  return URL.canParse(url) ? [...new URL(url).searchParams].map(([name, value]) => ({ name, value })) : []
}

function bytesOf({ body, encoding }: Pick<RequestMessage, 'body' | 'encoding'>): number {
  return Buffer.byteLength(body, encoding ?? 'utf8')
}
