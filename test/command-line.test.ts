import t from 'tap'
import { nextCommand, rememberPlace, withPlace } from '../src/cli/next-command.js'
import { commandLine, replaceCommands, shellWord } from '../src/command-line.js'

t.test('a word is quoted where a shell would take it otherwise', async (t) => {
  t.equal(shellWord('bob@contoso.test=VIEW,PRINT'), 'bob@contoso.test=VIEW,PRINT')
  t.equal(shellWord('http://127.0.0.1:7000/_wmcs'), 'http://127.0.0.1:7000/_wmcs')
  t.equal(shellWord('my file'), '"my file"')
  t.equal(shellWord('CONTOSO\\rms-service'), '"CONTOSO\\rms-service"')
  t.equal(shellWord('http://localhost/?a=b'), '"http://localhost/?a=b"')
  t.equal(shellWord("it's $5"), String.raw`'it'\''s $5'`)
  t.equal(shellWord(''), "''")
})

t.test('a command in a sentence ends where that does', async (t) => {
  const marked = (text: string): string => replaceCommands(text, (command) => `<${command}>`)
  t.equal(marked(`try again: ${commandLine('admit a "b c"')}`), 'try again: <npx rms-emulator admit a "b c">')
  t.equal(marked(`one (${commandLine('lab scopes remove x')}), or`), 'one (<npx rms-emulator lab scopes remove x>), or')
  t.equal(
    marked(`${commandLine('demo --server http://h:1/x')}, or`),
    '<npx rms-emulator demo --server http://h:1/x>, or',
  )
  t.equal(
    marked(`by ${commandLine('admit license "Staff (all), more" --restrict')}, or`),
    'by <npx rms-emulator admit license "Staff (all), more" --restrict>, or',
  )
  const awkward = commandLine(`admit license ${shellWord("it's (a) $5")} --restrict`)
  t.equal(marked(`by ${awkward}`), `by <${awkward}>`)
  t.equal(marked(`${commandLine('resume a')}\n- more`), '<npx rms-emulator resume a>\n- more')
})

t.test('the next command is told what this one was told of the installation, and nothing else', async (t) => {
  t.teardown(() => rememberPlace({}))
  t.equal(nextCommand('resume root-1'), 'npx rms-emulator resume root-1')
  rememberPlace({ json: true, 'token-file': 'my token', manage: 'http://127.0.0.1:7090', scope: 'suite-a' })
  const flags = '--manage http://127.0.0.1:7090 --token-file "my token" --scope suite-a'
  t.equal(nextCommand('resume root-1'), `npx rms-emulator resume root-1 ${flags}`)
  t.equal(
    withPlace(`Close it first: ${commandLine('remove-extranet root')}`),
    `Close it first: npx rms-emulator remove-extranet root ${flags}`,
  )
  t.equal(withPlace(`one (${commandLine('lab clear')}), or not`), `one (npx rms-emulator lab clear ${flags}), or not`)
  const elsewhere = `start one more with ${commandLine('node --cluster root')}, or scale its service`
  t.equal(withPlace(elsewhere), elsewhere, 'it asks no running installation')
})
