/** A seed file as text. */
import { stringify } from 'yaml'
import { commandLine } from '../../command-line.js'
import type { SeedExport } from './export.js'

/** YAML; what is not in it stands above as comments. */
export function seedFileText({ seedFile, leftOut }: SeedExport): string {
  const comments = [
    'yaml-language-server: $schema=./node_modules/rms-emulator/schemas/seed-file.json',
    `Seed file of an installation of rms-emulator. One like it is started by ${commandLine('up --seed-file FILE')}`,
    'Passwords of accounts that are not Passw0rd! are in it.',
    ...(leftOut.length === 0 ? [] : ['What it does not say:', ...leftOut.map((what) => `- ${what}`)]),
  ]
  const head = comments.map((line) => `# ${line.replaceAll(/[\r\n]+/g, ' ')}\n`).join('')
  return `${head}\n${stringify(seedFile, { version: '1.2', schema: 'core', lineWidth: 0, aliasDuplicateObjects: false })}`
}
