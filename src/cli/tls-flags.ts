/** A certificate and its key come together. */
import { Failure } from './failure.js'

/** @throws Failure when only one of them is named */
export function requireTlsPair({
  tlsCert,
  tlsKey,
}: {
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
}): void {
  if ((tlsCert === undefined) === (tlsKey === undefined)) return
  throw new Failure(
    `A certificate needs its key, and a key its certificate: give ${tlsKey === undefined ? '--tls-key' : '--tls-cert'} FILE too`,
    2,
  )
}
