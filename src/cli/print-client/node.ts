/** For Node.js: a module that protects a text and opens it again, by the client of this package. */
import { fileURLToPath } from 'node:url'
import { shellWord } from '../../command-line.js'
import { packageFolder } from '../../package-folder.js'
import type { ClientFacts } from './facts.js'

export function printForNode({ licensingUrl, ca, user, password }: ClientFacts): string {
  return [
    `// npm install ${shellWord(fileURLToPath(packageFolder).replace(/[/\\]$/, ''))}`,
    '// On another machine: npm install the file that npm pack makes there. Save this as client.mjs; node client.mjs',
    "import { connect } from 'rms-emulator/client'",
    '',
    ...(ca === undefined ? [] : ['const ca = `', `${ca.trim()}\``, '']),
    'const client = connect({',
    `  url: ${JSON.stringify(licensingUrl)},`,
    `  user: ${JSON.stringify(user)},`,
    `  password: ${JSON.stringify(password)},`,
    "  signIn: 'ntlm', // or 'negotiate', 'basic'",
    ...(ca === undefined ? [] : ['  ca,']),
    '})',
    'console.log(await client.locations())',
    `const file = await client.protectFile(Buffer.from('hello'), '.txt', { rights: [{ to: ${JSON.stringify(user)}, rights: ['VIEW'] }] })`,
    'const { plain, rights } = await client.openFile(file)',
    'console.log(String(plain), rights)',
    'await client.close()',
  ].join('\n')
}
