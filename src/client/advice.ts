/** What to do when a server does not answer. */

/** @param url http or https @returns sentences that end with a full stop */
export function adviceOnError(error: unknown, url: string, timeoutMilliseconds: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `there was no complete answer within ${timeoutMilliseconds} ms. Is the server overloaded or the time too short?`
  }
  if (isPlainHttp(error))
    return `this is https, but plain http is spoken there. Use ${url.replace(/^https:/i, 'http:')}.`
  const code = codeOf(error)
  switch (code) {
    case 'ECONNREFUSED':
      return 'the connection was refused. Is the server running, and is this its port?'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name "${new URL(url).hostname}" is not known. Check the URL and the name service.`
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return `the server closed the connection without an answer. ${closedBecause(url)}`
    default:
      if (isForbiddenPort(error))
        return `port ${new URL(url).port} belongs to another kind of service, and HTTP clients of Node.js and of browsers refuse to call it. Let the server listen on another port.`
      return /CERT|SELF_SIGNED|UNABLE_TO_|TLS|SSL/.test(code)
        ? `the TLS certificate is not accepted (${code}). Trust the certificate of its issuer: --ca FILE, or --ca URL of /ca.pem at its management (an installation started with --tls), or NODE_EXTRA_CA_CERTS; or use http.`
        : `${error instanceof Error ? error.message : String(error)}${code === '' ? '' : ` (${code})`}.`
  }
}

/** OpenSSL's reason: as a code from fetch, in words from Node's own https. */
function isPlainHttp(error: unknown): boolean {
  const code = codeOf(error)
  return (
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'].includes(code) ||
    (code === 'EPROTO' && /wrong version number|packet length too long/.test(String(error)))
  )
}

/** A server that speaks https does the same when it is spoken to in plain http. */
function closedBecause(url: string): string {
  return new URL(url).protocol === 'http:'
    ? 'Has it been stopped, or does it speak https there? Try again, or with https://.'
    : 'Has it been stopped? Try again.'
}

/** One of the ports that fetch never calls, whoever asks (Fetch standard, "port blocking"). */
function isForbiddenPort(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && error.cause.message === 'bad port'
}

function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return ''
}
