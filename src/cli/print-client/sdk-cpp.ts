/** For Microsoft's open client in C++: its settings file, and what its discovery by DNS would need. */
import { hostNames, surroundings, type ClientFacts } from './facts.js'

export function printForSdkCpp(facts: ClientFacts): string {
  const { origin, port } = new URL(facts.licensingUrl)
  const [name] = hostNames(facts)
  const target = name !== undefined && origin.startsWith('https:') && port === '' ? name : undefined
  const discovery =
    target === undefined
      ? [
          'Discovery by DNS instead needs https on port 443 of a DNS name: --tls --tls-names rms.' +
            facts.forest +
            ', --port 443 and --public-url.',
        ]
      : [
          'Discovery by DNS instead (ServiceDiscoveryEnabled=true), with this record in the zone of the mail domain:',
          `  _rmsdisco._http._tcp.${facts.forest}. 3600 IN SRV 0 0 443 ${target}.`,
        ]
  const scope = [
    'With this setting the client publishes and opens at one cluster. It opens what the clients here publish by default; content of another cluster is opened',
    'there (print-client --cluster NAME), or found by discovery.',
  ]
  return [
    '; Settings of the RMS client in C++ (rmscore): save this as appConfig.cfg in its working directory.',
    ...[...scope, ...discovery, ...surroundings(facts, ['Windows', 'Linux'])].map((line) => `; ${line}`),
    ...(facts.ca === undefined
      ? []
      : ['; Without a trust store of the system: the client takes the certificate through its API too.']),
    '[MSIPCThin]',
    'ServiceDiscoveryEnabled=false',
    `ServiceRootURLOverride=${origin}/my/v1`,
  ].join('\n')
}
