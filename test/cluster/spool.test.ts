import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { createSpool } from '../../src/cluster/spool.js'
import { takeLock } from '../../src/cluster/spool-lock.js'
import { DatabaseAway } from '../../src/cluster/store/database-away.js'
import type { RequestLogRecord } from '../../src/cluster/store/request-log-store.js'
import { aMoment } from '../fixtures/until.js'
import { logRecord } from './log-record.js'
import { fc } from '../fixtures/property.js'

const record = (id: number | string, other: Partial<RequestLogRecord> = {}): RequestLogRecord => ({
  ...logRecord(id),
  logCreateTime: '2026-01-02T03:04:05.678Z',
  ...other,
})

/** A database that keeps records by host and request, as the real one does. */
function database() {
  const records = new Map<string, RequestLogRecord>()
  let calls = 0
  const insert = async (added: readonly RequestLogRecord[]): Promise<readonly boolean[]> => {
    calls++
    for (const one of added) if (one.metadata === 'poison') throw new Error('not this one')
    return added.map((one) => {
      const key = `${one.hostMachineName} ${one.hostMachineRequestId}`
      const isNew = !records.has(key)
      if (isNew) records.set(key, one)
      return isNew
    })
  }
  return { records, insert, calls: () => calls }
}
const away = async (): Promise<never> => {
  throw new DatabaseAway('away')
}
const files = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name !== 'lock') : []
const spoolIn = (folder: string, nodeId = 'root-1', limit = 1e7) => createSpool({ folder, nodeId, limit })

t.test('what is appended is written to the database, whatever its texts are', async (t) => {
  const folder = join(t.testdir(), 'data', 'spool')
  const text = fc.string({ unit: 'binary' })
  const anyRecord = fc.record({
    hostMachineRequestId: text,
    requestUserAgent: text,
    receivedXrml: text,
    secureConnectionState: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyRecord, { selector: (one) => one.hostMachineRequestId, maxLength: 20 }),
      fc.integer({ min: 0, max: 20 }),
      async (given, cut) => {
        const { records, insert } = database()
        const spool = spoolIn(folder)
        const whole = given.map((one) => record('', one))
        for (const part of [whole.slice(0, cut), whole.slice(cut)]) t.equal(await spool.append(part), part.length)
        const drained = await spool.drain(insert)
        await spool.close()
        t.same(drained, { written: given.length, damaged: 0 })
        t.same([...records.values()], whole)
        t.same(files(folder), [])
      },
    ),
    { numRuns: 50 },
  )
  t.equal(statSync(folder).mode & 0o077, 0, 'closed to others')
})

t.test('records that an earlier program left are written as those of today', async (t) => {
  const folder = t.testdir({
    'root-1-1.spool': [
      { requestUserAddress: 'bob@contoso.test', authenticatedState: 'NTLM', metadata: '{"clientRequestId":"mine"}' },
      { requestUserAddress: '', authenticatedState: '', metadata: '{}' },
    ]
      .map((earlier, id) => ({ ...record(id), ...earlier, clientRequestId: undefined }))
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  })
  const { records, insert } = database()
  const spool = spoolIn(folder)
  t.same(await spool.drain(insert), { written: 2, damaged: 0 })
  t.match(records.get('root-1 0'), {
    requestUserAddress: '',
    authenticatedState: 'True',
    metadata: '{"account":"bob@contoso.test","scheme":"NTLM"}',
    clientRequestId: 'mine',
  })
  t.match(records.get('root-1 1'), { requestUserAddress: '', authenticatedState: 'False', metadata: '{}' })
  await spool.append([record(2, { durationMilliseconds: 1.5, authenticatedState: 'False' })])
  await spool.drain(insert)
  t.match(records.get('root-1 2'), { durationMilliseconds: 1.5, authenticatedState: 'False' })
  await spool.close()
})

t.test('while the database is away everything stays, also what was taken already', async (t) => {
  const folder = t.testdir()
  const { records, insert } = database()
  const spool = spoolIn(folder)
  await spool.append([record(1)])
  await t.rejects(spool.drain(away), { name: 'DatabaseAway' })
  await spool.append([record(2)])
  await t.rejects(spool.drain(away), { name: 'DatabaseAway' })
  t.same(await spoolIn(folder, 'root-2').drain(insert), { written: 2, damaged: 0 }, 'another node writes it')
  t.equal(records.size, 2)
  t.same(await spool.drain(insert), { written: 0, damaged: 0 })
  t.equal(await spool.append([record(3)]), 1, 'its owner goes on')
  t.same(await spool.drain(insert), { written: 1, damaged: 0 })
  await spool.close()
})

t.test(
  'half a line at the end is a record that nobody was promised; lines that are no records are kept aside',
  async (t) => {
    const folder = t.testdir()
    const { records, insert } = database()
    const spool = spoolIn(folder)
    await spool.append([record(1), record(2, { metadata: 'poison' }), record(3)])
    await spool.close()
    const [name = ''] = files(folder)
    appendFileSync(
      join(folder, name),
      `nonsense\n{"clusterName":1}\nnull\n\0\0\n${JSON.stringify(record(4)).slice(0, 100)}`,
    )
    t.same(await spool.drain(insert), { written: 2, damaged: 5 })
    t.same([...records.keys()], ['root-1 1', 'root-1 3'])
    const [damaged = ''] = files(folder)
    t.match(damaged, /\.damaged$/)
    const lines = readFileSync(join(folder, damaged), 'utf8').split('\n')
    t.equal(lines.length, 6)
    t.ok(lines.some((line) => line.includes('poison')))
    t.same(await spool.drain(insert), { written: 0, damaged: 0 }, 'and not looked at again')
  },
)

t.test('a file cut at any byte gives the records before the cut', async (t) => {
  const folder = t.testdir()
  const spool = spoolIn(folder)
  await spool.append([record(1, { requestUserAgent: 'é€😀' }), record(2, { requestUserAgent: 'é€😀' })])
  await spool.close()
  const [name = ''] = files(folder)
  const whole = readFileSync(join(folder, name))
  for (let length = 0; length <= whole.length; length += 7) {
    const { records, insert } = database()
    writeFileSync(join(folder, name), whole.subarray(0, length))
    t.equal((await spool.drain(insert)).damaged, 0)
    t.equal(records.size, whole.subarray(0, length).toString('latin1').split('\n').length - 1, `${length} bytes`)
  }
})

t.test('a full spool takes what fits, and more when there is room again', async (t) => {
  const folder = t.testdir()
  const { records, insert } = database()
  const line = Buffer.byteLength(JSON.stringify(record(10))) + 1
  const spool = spoolIn(folder, 'root-1', 5 * line)
  const other = spoolIn(folder, 'root-2', 5 * line)
  t.equal(await spool.append([10, 11, 12].map((id) => record(id))), 3)
  t.equal(await other.append([13, 14, 15].map((id) => record(id))), 2, 'the limit is that of the folder')
  t.equal(await spool.append([record(16)]), 0)
  t.equal(await spool.probe(), false)
  await spool.drain(insert)
  t.equal(await spool.append([record(16)]), 1)
  await other.drain(insert)
  t.same(
    [...records.values()].map((one) => one.hostMachineRequestId),
    ['10', '11', '12', '13', '14', '16'],
  )
  await Promise.all([spool.close(), other.close()])
})

t.test('whether records would be kept is tried on the disk, and nothing stays of that', async (t) => {
  const folder = join(t.testdir(), 'spool')
  const { insert } = database()
  const spool = spoolIn(folder)
  t.equal(await spool.probe(), true)
  t.same(files(folder), [])
  await spool.append([record(1)])
  t.equal(await spool.probe(), true)
  t.same(await spool.drain(insert), { written: 1, damaged: 0 })
  t.equal(await spoolIn(folder, 'root-2', 0).probe(), false, 'nothing fits')
  await spool.close()
})

t.test('nodes that append while others write: none is lost', async (t) => {
  const folder = t.testdir()
  const { records, insert } = database()
  const spools = ['root-1', 'root-2', 'root-3'].map((nodeId) => ({ nodeId, spool: spoolIn(folder, nodeId) }))
  const work = { isDone: false }
  const append = async ({ nodeId, spool }: (typeof spools)[number]): Promise<void> => {
    for (let id = 0; id < 40; id++) await spool.append([record(id, { hostMachineName: nodeId })])
  }
  const drain = async ({ spool }: (typeof spools)[number]): Promise<void> => {
    // Between two looks a node waits; one that never did would take every file before its owner has looked.
    while (!work.isDone) {
      await spool.drain(insert)
      await aMoment()
    }
  }
  const draining = spools.map(drain)
  await Promise.all(spools.map(append)).finally(() => {
    work.isDone = true
  })
  await Promise.all(draining)
  await spools[0]?.spool.drain(insert)
  t.equal(records.size, 120)
  t.same(files(folder), [])
  await Promise.all(spools.map(({ spool }) => spool.close()))
})

t.test('only one writes to the database at a time', async (t) => {
  const folder = t.testdir()
  const { insert, calls } = database()
  const [one, two] = [spoolIn(folder, 'root-1'), spoolIn(folder, 'root-2')]
  await one.append([record(1)])
  const release = takeLock(join(folder, 'lock'))
  t.equal(takeLock(join(folder, 'lock')), undefined)
  t.same(await two.drain(insert), { written: 0, damaged: 0 })
  release?.()
  const drained = await Promise.all([one.drain(insert), one.drain(insert), two.drain(insert)])
  t.equal(
    drained.reduce((sum, { written }) => sum + written, 0),
    1,
  )
  t.equal(calls(), 1)
  await one.close()
})

t.test('a folder that somebody removes or replaces under the node is made again', async (t) => {
  const folder = join(t.testdir(), 'spool')
  const { records, insert } = database()
  const spool = spoolIn(folder)
  await spool.append([record(1)])
  renameSync(folder, `${folder}-elsewhere`)
  await spool.append([record(2)])
  rmSync(folder, { recursive: true })
  await spool.append([record(3)])
  await spool.drain(insert)
  t.same([...records.keys()], ['root-1 3'])
  await spoolIn(`${folder}-elsewhere`).drain(insert)
  t.equal(records.size, 3)
  await spool.close()
})

t.test('a folder that cannot be used is an error', async (t) => unusableFolder(t))

async function unusableFolder(t: Test): Promise<void> {
  const file = join(t.testdir({ file: 'x' }), 'file')
  chmodSync(file, 0o600)
  const spool = spoolIn(join(file, 'spool'))
  await t.rejects(spool.append([record(1)]), { code: 'ENOTDIR' })
  await t.rejects(spool.probe(), { code: 'ENOTDIR' })
}
