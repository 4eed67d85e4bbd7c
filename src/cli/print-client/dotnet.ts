/** For .NET Framework and Mono: proxy classes made from the WSDL, signed in by NTLM. */
import { surroundings, type ClientFacts } from './facts.js'

export function printForDotnet(facts: ClientFacts): string {
  const { licensingUrl, user, password } = facts
  const address = `${withName(licensingUrl)}/licensing/ServiceLocator.asmx`
  const [, domain = '', name = user] = /^([^\\]+)\\(.*)$/.exec(user) ?? []
  return [
    '// .NET Framework or Mono. Save this as client.cs, and run',
    `//   wsdl -out:locator.cs "${address}?wsdl"`,
    '//   mcs -r:System.Web.Services client.cs locator.cs        (or csc, with the same arguments)',
    '//   mono client.exe',
    '// Mono answers with NTLMv1 unless it is told otherwise: start rms-emulator with --ntlm v1-ess, or set',
    '// Mono.Security.Protocol.Ntlm.NtlmSettings.DefaultAuthLevel = NtlmAuthLevel.NTLMv2_only (with -r:Mono.Security).',
    ...surroundings(facts, ['Windows', 'Linux']).map((line) => `// ${line}`),
    ...(facts.ca === undefined ? [] : ['// Mono has a trust store of its own: cert-sync --user rms-emulator-ca.pem']),
    'using System;',
    'using System.Net;',
    '',
    'public static class Client',
    '{',
    '    public static void Main()',
    '    {',
    `        var locator = new ${locatorClass} { Url = ${JSON.stringify(address)} };`,
    `        locator.Credentials = new NetworkCredential(${[name, password, domain].map((text) => JSON.stringify(text)).join(', ')});`,
    '        var services = new[] { ServiceType.CertificationInternalService, ServiceType.LicensingInternalService };',
    '        var requests = Array.ConvertAll(services, service => new ServiceLocationRequest { Type = service });',
    '        foreach (var location in locator.FindServiceLocationsForUser(requests)) Console.WriteLine("{0}: {1}", location.Type, location.URL);',
    '    }',
    '}',
  ].join('\n')
}

/** Mono compares the names in a certificate, not the addresses. */
function withName(url: string): string {
  return url.replace(/^https:\/\/(127\.0\.0\.1|\[::1\])(?=[:/])/, 'https://localhost')
}

/** As the WSDL names the service. */
const locatorClass = 'Server'
