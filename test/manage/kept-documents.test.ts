/** Documents that are kept for good: what they outlive, who finds them, and where they are not kept. */
import t from 'tap'
import type { DocumentPage } from '../../src/administration/lab/documents.js'
import { connect, readyMachine } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import type { InstallationOptions } from '../../src/installation/installation-options.js'
import { startInstallation, type Installation } from '../../src/manage/start.js'
import { defaultJournalLimits } from '../../src/node/journal.js'
import { run } from '../cli/command.js'

t.setTimeout(900_000)

const token = 'documents-test-token'

t.test('documents that are kept for good outlive the journal, a reset and the installation', async (t) => {
  const data = t.testdir()
  const started: Installation[] = []
  t.teardown(async () => {
    for (const one of started) await one.close()
  })
  const start = async (options: InstallationOptions): Promise<Installation> => {
    for (const one of started.splice(0)) await one.close()
    const one = await startInstallation({ mode: 1, token, data, root: 2, ...options })
    started.push(one)
    return one
  }
  const bobAt = ({ url }: Installation) =>
    connect({ url, user: 'bob@contoso.test', password, machine: readyMachine('alice-pc-mode1'), mode: 1 })
  const first = await start({ keepDocuments: true })
  const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
  const { text, contentId } = await bobAt(first).publish(forBob)
  const licensed = await Promise.all([1, 2, 3].map(() => bobAt(first).acquireLicense(text)))
  const byContent = { kind: 'UL', guid: contentId }
  const hashes = (page: DocumentPage): readonly string[] => page.documents.map(({ hash }) => hash).toSorted()
  const travelled = await first.lab.documents.list(byContent)
  t.same([travelled.matched, travelled.gaps], [3, []])
  t.ok(travelled.documents.every(({ kept }) => kept === true))
  const everything = (await first.lab.documents.list({}, { limit: 1000 })).documents
  t.equal(new Set(everything.map(({ hash }) => hash)).size, everything.length, 'each once, journal or not')
  const certificate = everything.find(({ kind }) => kind === 'SLC')
  t.ok((certificate?.seen ?? 0) > 3, 'seen at both servers')

  await first.lab.journal.clear()
  await first.lab.reset()
  const left = await first.lab.documents.list({}, { limit: 1000 })
  t.same(hashes(left), everything.map(({ hash }) => hash).toSorted())
  t.same(
    left.documents.map(({ first: begun, seen }) => [begun, seen]),
    everything.map(({ first: begun, seen }) => [begun, seen]),
  )
  const reachFirst = ['--manage', first.manage, '--token', token]
  t.match(
    (await run(['lab', 'documents', '--kind', 'UL', '--account', 'bob', ...reachFirst])).stdout,
    hashes(travelled)[0],
  )

  const second = await start({ journal: false })
  const found = await second.lab.documents.list(byContent, { limit: 2, skip: 1 })
  t.same([found.matched, found.documents.length], [3, 2])
  const [one = ''] = hashes(travelled)
  const place = await second.lab.documents.find(one)
  t.match(place.document, { kind: 'UL', content: contentId, kept: true, seen: 1, exchanges: [/^root-[12]\./] })
  t.match(
    place.issuers.map(({ kind }) => kind),
    ['SLC', 'SLC', 'CA', 'CA'],
  )
  t.equal(
    (await second.lab.documents.find(place.issuers[0]?.hash ?? '')).children.length,
    8,
    'four RACs, a CLC, three ULs',
  )
  t.ok(licensed.map(({ ul }) => ul.document.text).includes(await second.lab.documents.text(one)))
  t.equal((await second.lab.documents.explain(one)).firstProblem, undefined)
  const [rac] = (await second.lab.documents.list({ kind: 'RAC' })).documents
  t.match(await second.lab.documents.text(rac?.hash ?? ''), /\[blanked\]/)
  const before = (await second.lab.documents.list()).matched
  await bobAt(second).certify()
  t.equal((await second.lab.documents.list()).matched, before, 'without keepDocuments no more are kept')

  const third = await start({ keepDocuments: true, journal: { limits: defaultJournalLimits, secrets: true } })
  t.notMatch(
    await third.lab.documents.text(rac?.hash ?? ''),
    /\[blanked\]/,
    'secrets are shown where they are asked for',
  )
  const { matched } = await third.lab.documents.list()
  await bobAt(third).certify()
  const more = await third.lab.documents.list({}, { limit: 1000 })
  t.ok(more.matched > matched)
  const told = await run(['lab', 'documents', one, '--clear', '--manage', third.manage, '--token', token])
  t.match(told, { code: 2, stderr: /name none/ })
  const cleared = await run(['lab', 'documents', '--clear', '--json', '--manage', third.manage, '--token', token])
  t.match(JSON.parse(cleared.stdout), { event: 'cleared', removed: more.matched, gaps: [] })
  const ofJournal = await third.lab.documents.list({}, { limit: 1000 })
  t.ok(ofJournal.matched > 0 && ofJournal.documents.every(({ kept }) => kept === undefined))
  await third.lab.journal.clear()
  t.equal((await third.lab.documents.list()).matched, 0)
  t.same(await third.lab.documents.clear(), { removed: 0, gaps: [] })
})

t.test('while the database is away documents wait, and it is said', async (t) => {
  const waiting = await startInstallation({ mode: 1, token, data: t.testdir(), keepDocuments: true })
  t.teardown(() => waiting.close())
  await waiting.lab.installation.put({ databaseAway: true })
  await fetch(`${waiting.url}/certification/activation.asmx`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body: readyMachine('bob-pc-mode1').chain[0]?.text ?? '',
  })
  const away = await waiting.lab.documents.list()
  t.match(away.documents, [{ kind: 'SPC', kept: undefined }], 'the journal has it')
  t.match(away.gaps, [{ node: 'root-1', text: /has not taken the documents of 1 exchange of root-1 yet/ }])
  await waiting.lab.installation.remove()
  t.match(await waiting.lab.documents.list(), { documents: [{ kind: 'SPC', kept: true }], gaps: [] })
})

t.test('documents are kept for good where something stays, and there is a lab', async (t) => {
  const refused: readonly (readonly [InstallationOptions, RegExp])[] = [
    [{}, /nothing of this installation stays: say where, with --data DIR \(data\) or --db \(database\)/],
    [{ database: ':memory:', data: t.testdir() }, /nothing of this installation stays/],
    [{ processes: true }, /nothing of this installation stays/],
    [{ data: t.testdir(), lab: false }, /leave out --no-lab \(lab: false\)/],
  ]
  for (const [options, message] of refused)
    await t.rejects(startInstallation({ ...options, keepDocuments: true }), { name: 'OptionRefused', message })
  const [up, node] = await Promise.all([
    run(['up', '--port', '0', '--keep-documents']),
    run(['node', '--cluster', 'root', '--db', `${t.testdirName}/none.sqlite`, '--keep-documents', '--no-lab']),
  ])
  t.match(up, { code: 2, stdout: '', stderr: /nothing of this installation stays/ })
  t.match(node, { code: 2, stdout: '', stderr: /leave out one of them, --keep-documents or --no-lab/ })
})
