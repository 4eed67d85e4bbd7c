/** `node build/test/installation/run-many-users.js --users 200 --times 20`: many users at once through a balancer. Ends with 1 when anything is wrong. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { signIns, type SignIn } from '../../src/client/connections.js'
import { runManyUsers } from './many-users.js'

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '200' },
    times: { type: 'string', default: '20' },
    nodes: { type: 'string', default: '3' },
    'sign-in': { type: 'string', default: 'ntlm' },
  },
})

const number = (name: 'users' | 'times' | 'nodes'): number => {
  const value = Number(values[name])
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`--${name} ${values[name]} is not a whole number above 0`)
  return value
}
const signIn = signIns.find((name): name is SignIn => name === values['sign-in'])
if (signIn === undefined) throw new RangeError(`--sign-in ${values['sign-in']} is none of ${signIns.join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'rms-many-users-'))
try {
  const onProgress = (done: number): void => void (done % 100 === 0 && process.stderr.write(`\r${done} licenses  `))
  const { wrong, ...result } = await runManyUsers({
    users: number('users'),
    times: number('times'),
    nodes: number('nodes'),
    signIn,
    database: join(folder, 'rms.sqlite'),
    onProgress,
  })
  process.stdout.write(
    `\n${JSON.stringify(result)}\nwrong: ${wrong.length}\n${wrong
      .slice(0, 20)
      .map((line) => `  ${line}\n`)
      .join('')}`,
  )
  process.exitCode = wrong.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
