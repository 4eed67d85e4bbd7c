/** Servers on several machines, as in machines-run.ts, which runs in a network namespace of its own where this machine lets us make one. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { MachinesResult } from './machines-run.js'
import { possibleWay } from './machines.js'

t.setTimeout(900_000)

const program = fileURLToPath(new URL('machines-run.js', import.meta.url))
const way = possibleWay()

t.test(`a root cluster on two machines that share one PostgreSQL, behind a balancer on a third one (${way})`, (t) => {
  const line = [process.execPath, program, way, t.testdir()]
  const [command = '', ...args] = way === 'network namespaces' ? ['unshare', '--net', ...line] : line
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 270_000 })
  t.equal(status, 0, stderr)
  const { provisioned, members, opened, served, licenses, failures, missing, left } = JSON.parse(
    stdout,
  ) as MachinesResult
  t.equal(provisioned, 0)
  t.same(
    members.map(({ nodeId }) => nodeId),
    ['first', 'second'],
  )
  t.equal(new Set(members.map(({ address }) => address)).size, 2, 'each at an address of its own')
  t.equal(opened, 'figures')
  t.same(
    served,
    [['first', 'second'], ['first'], ['first', 'third']],
    'two nodes; one killed; another one in its place',
  )
  t.same(failures, [], 'no request fails when a node is killed')
  t.ok(licenses >= 30)
  t.same(missing, [], 'every license is in the request log, once')
  t.same(left, ['first', 'second'], 'the killed one could not leave the list, the last one did')
  t.end()
})
