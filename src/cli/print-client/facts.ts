/** What a client must know of an installation, whatever its language. */

export interface ClientFacts {
  /** Base URL of the root cluster, with /_wmcs: certification. */
  readonly rootUrl: string
  /** Base URL of the cluster to publish with, with /_wmcs: the root unless another one was named. */
  readonly licensingUrl: string
  /** DNS name of the forest, which mail addresses end in. */
  readonly forest: string
  /** Certificate to trust, in PEM; undefined without https, and where the servers' own certificate is trusted anyhow. */
  readonly ca: string | undefined
  readonly user: string
  readonly password: string
}

/** Names of clusters that the name service, or a hosts file, must know. */
export function hostNames({ rootUrl, licensingUrl }: ClientFacts): readonly string[] {
  const isName = (host: string): boolean => !/^[\d.]+$|^\[|^localhost$/.test(host)
  return [...new Set([rootUrl, licensingUrl].map((url) => new URL(url).hostname).filter(isName))]
}

export type System = 'Windows' | 'Linux'

/** How each takes the certificate, from the file that is told to be saved. */
const trusting: Readonly<Record<System, readonly string[]>> = {
  Windows: ['Windows: certutil -addstore Root rms-emulator-ca.pem'],
  Linux: [
    'Debian, Ubuntu: sudo cp rms-emulator-ca.pem /usr/local/share/ca-certificates/rms-emulator-ca.crt && sudo update-ca-certificates',
    'Fedora, RHEL: sudo cp rms-emulator-ca.pem /etc/pki/ca-trust/source/anchors/ && sudo update-ca-trust',
  ],
}

/** Lines on names and trust, for the comments of a settings file. */
export function surroundings(facts: ClientFacts, systems: readonly System[]): readonly string[] {
  const names = hostNames(facts)
  const hosts =
    names.length === 0
      ? ['The addresses above need no entry in the hosts file.']
      : [
          'Hosts file of the client, with the address of the machine that rms-emulator runs on in place of 127.0.0.1:',
          ...names.map((name) => `  127.0.0.1 ${name}`),
        ]
  const trust =
    facts.ca === undefined
      ? []
      : [
          'Certificate to trust: save what follows as rms-emulator-ca.pem, and run',
          ...systems.flatMap((system) => trusting[system]).map((line) => `  ${line}`),
          ...facts.ca
            .trim()
            .split('\n')
            .map((line) => `  ${line}`),
        ]
  return [...hosts, ...trust]
}
