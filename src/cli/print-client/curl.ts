/** For curl: a shell script that signs in by NTLM and asks where the services are. */
import type { ClientFacts } from './facts.js'

const namespace = 'http://microsoft.com/DRM/ServerService'

export function printForCurl({ licensingUrl, ca, user, password }: ClientFacts): string {
  const trust =
    ca === undefined ? [] : ['ca=$(mktemp)', `trap 'rm -f "$ca"' EXIT`, `cat > "$ca" <<'PEM'`, ca.trim(), 'PEM', '']
  return [
    '#!/bin/sh',
    '# curl against rms-emulator: signs in by NTLM (or --negotiate with gss-ntlmssp, or --basic) and asks where the services are.',
    'set -eu',
    ...trust,
    `curl --silent --show-error --fail --ntlm --user ${quoted(`${user}:${password}`)}${ca === undefined ? '' : ' --cacert "$ca"'} \\`,
    `  --header 'Content-Type: text/xml; charset=utf-8' --header 'SOAPAction: "${namespace}/FindServiceLocationsForUser"' \\`,
    `  --data-binary @- ${quoted(`${licensingUrl}/licensing/ServiceLocator.asmx`)} <<'XML'`,
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>',
    `  <FindServiceLocationsForUser xmlns="${namespace}"><ServiceNames>`,
    '    <ServiceLocationRequest><Type>CertificationInternalService</Type></ServiceLocationRequest>',
    '    <ServiceLocationRequest><Type>LicensingInternalService</Type></ServiceLocationRequest>',
    '  </ServiceNames></FindServiceLocationsForUser>',
    '</soap:Body></soap:Envelope>',
    'XML',
  ].join('\n')
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
