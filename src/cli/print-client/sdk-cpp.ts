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
  return [
    '; Settings of the RMS client in C++ (rmscore): save this as appConfig.cfg in its working directory.',
    ...[...discovery, ...surroundings(facts)].map((line) => `; ${line}`),
    '[MSIPCThin]',
    'ServiceDiscoveryEnabled=false',
    `ServiceRootURLOverride=${origin}/my/v1`,
  ].join('\n')
}
