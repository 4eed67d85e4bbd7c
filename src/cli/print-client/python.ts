/** For Python: zeep, from the WSDL. */
import type { ClientFacts } from './facts.js'

export function printForPython({ licensingUrl, ca, user, password }: ClientFacts): string {
  const trust =
    ca === undefined
      ? []
      : [
          'with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:',
          `    file.write("""${ca.trim()}\n""")`,
          'session.verify = file.name',
          '# Otherwise REQUESTS_CA_BUNDLE, where it is set, counts instead.',
          'session.trust_env = False',
        ]
  return [
    '# pip install zeep requests-ntlm',
    ...(ca === undefined ? [] : ['import tempfile', '']),
    'from requests import Session',
    'from requests.auth import HTTPBasicAuth',
    'from zeep import Client',
    'from zeep.transports import Transport',
    '',
    'session = Session()',
    '# NTLM: from requests_ntlm import HttpNtlmAuth, and that class here. It needs MD4, which OpenSSL 3 has in its legacy provider only.',
    `session.auth = HTTPBasicAuth(${JSON.stringify(user)}, ${JSON.stringify(password)})`,
    ...trust,
    `client = Client(${JSON.stringify(`${licensingUrl}/licensing/ServiceLocator.asmx?wsdl`)}, transport=Transport(session=session))`,
    'services = ["CertificationInternalService", "LicensingInternalService"]',
    'answer = client.service.FindServiceLocationsForUser(ServiceNames={"ServiceLocationRequest": [{"Type": name} for name in services]})',
    'print(answer)',
  ].join('\n')
}
