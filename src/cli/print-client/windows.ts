/** For the RMS clients of Windows, MSDRM (Office 2003 to 2010) and MSIPC (Office 2013 and later): a file for the registry editor. */
import { surroundings, type ClientFacts } from './facts.js'

const keys = {
  msdrm: {
    certification: 'MSDRM\\ServiceLocation\\Activation',
    publishing: 'MSDRM\\ServiceLocation\\EnterprisePublishing',
  },
  msipc: {
    certification: 'MSIPC\\ServiceLocation\\EnterpriseCertification',
    publishing: 'MSIPC\\ServiceLocation\\EnterprisePublishing',
  },
} as const

export function printForWindows(client: keyof typeof keys, facts: ClientFacts): string {
  const { certification, publishing } = keys[client]
  const sign = `Sign in as ${facts.user}; Windows asks for the password where the account is another one than yours.`
  const limit =
    'Microsoft’s own client trusts Microsoft’s root only: it finds these servers and signs in, and then refuses their certificates.'
  return [
    'Windows Registry Editor Version 5.00',
    '',
    `; ${client.toUpperCase()} finds rms-emulator without Active Directory. Save this as a .reg file; 32-bit programs on 64-bit Windows look below Wow6432Node.`,
    ...[sign, limit, ...surroundings(facts, ['Windows'])].map((line) => `; ${line}`),
    '',
    ...['HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\', 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\'].flatMap(
      (root) => [
        `[${root}${certification}]`,
        `@="${facts.rootUrl}/certification"`,
        '',
        `[${root}${publishing}]`,
        `@="${facts.licensingUrl}/licensing"`,
        '',
      ],
    ),
  ].join('\r\n')
}
