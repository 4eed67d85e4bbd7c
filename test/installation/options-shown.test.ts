/** The options of startInstallation as GET /lab/config shows them. */
import t from 'tap'
import { optionsShown } from '../../src/installation/options-shown.js'

const shown = (options: Parameters<typeof optionsShown>[0]) =>
  Object.fromEntries(optionsShown(options).settings.map(({ name, value, from }) => [name, `${value} (${from})`]))

t.test('each option has its value, or the default of what is started', (t) => {
  t.match(shown({}), {
    root: '1 (default)',
    database: ':memory: (default)',
    lab: 'true (default)',
    port: /any free one/,
  })
  t.match(shown({ processes: true }), { root: '2 (default)', data: 'a temporary folder (default)' })
  t.match(shown({ data: 'lab' }), { data: 'lab (option)', database: 'a file in the folder (default)' })
  t.match(
    shown({ root: 2, schemes: ['ntlm', 'basic'], clock: { mode: 'offset', by: 'P1D' }, tls: true, log: undefined }),
    {
      root: '2 (option)',
      schemes: 'ntlm,basic (option)',
      clock: '{"mode":"offset","by":"P1D"} (option)',
      tls: /^true/,
    },
  )
  t.notOk('log' in shown({}) || 'onLine' in shown({}))
  t.end()
})

t.test('no secret is shown, wherever it stands', (t) => {
  const secret = 'not to be seen'
  const all = JSON.stringify(
    shown({
      token: secret,
      keyPassword: secret,
      database: `postgres://rms:${encodeURIComponent(secret)}@host/rms`,
      forestOf: { url: 'http://127.0.0.1:7080', token: secret },
      seedFile: { accounts: [{ name: 'eve', password: secret }] },
      settings: { tokenIssuer: { issuer: 'https://sts.test', keys: [{ k: secret }] } as never },
    }),
  )
  t.notMatch(all, /not.{1,3}to.{1,3}be/)
  t.match(all, /"token":"\(hidden\) \(option\)"/)
  t.match(all, /https:\/\/sts\.test/)
  t.match(shown({ settings: { x: 'x'.repeat(5000) } as never })['settings'], /^.{1000} \(option\)$/)
  t.end()
})
