import t from 'tap'
import { readParameters } from '../../src/soap/parameters.js'
import { lenientProfile, usualProfile, type Profile } from '../../src/soap/profile.js'
import { anyXml, enumeration, optional, repeated, required, sequence, type Member } from '../../src/soap/schema.js'
import { readGuid } from '../../src/soap/values.js'
import { readXml, type XmlElement } from '../../src/xml/read.js'

const kind = enumeration('Kind', ['Read', 'Write'])
const entry = sequence('Entry', required('Kind', kind), required('Count', 'int'), optional('Name', 'string'))
const members: readonly Member[] = [
  optional('entries', sequence('ArrayOfEntry', repeated('Entry', entry, { nillable: true }))),
  optional('document', anyXml),
  optional('flag', 'boolean'),
  optional('key', 'base64Binary'),
  optional('id', 'guid'),
]

/** What is left, without namespaces: `<a><b>text</b></a>`. */
function shown({ name, children, text }: XmlElement): string {
  return `<${name}>${children.length > 0 ? children.map(shown).join('') : text.trim()}</${name}>`
}

function read(content: string, profile: Profile = usualProfile): { seen: string; foreign: readonly string[] } {
  const foreign: string[] = []
  const source = `<o xmlns="urn:s" xmlns:x="urn:x" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">${content}</o>`
  const reading = {
    namespace: 'urn:s',
    version: '1.1',
    profile,
    onForeign: (name: string) => foreign.push(name),
  } as const
  return { seen: shown(readParameters(readXml(source), members, reading)).slice(3, -4), foreign }
}

t.test('members in the namespace of the service are there; others are not, and are told of', async (t) => {
  const entryText = '<Entry><Kind>Read</Kind><Count>1</Count></Entry>'
  t.same(read(`<entries>${entryText}</entries>`), { seen: `<entries>${entryText}</entries>`, foreign: [] })
  t.same(read(`<x:entries/><entries>${entryText}</entries><entries xmlns=""/>`), {
    seen: `<entries>${entryText}</entries>`,
    foreign: ["'entries' of namespace 'urn:x'", "'entries' of namespace ''"],
  })
  t.same(read(`<entries>${entryText.replace('<Entry>', '<Entry xmlns="">')}</entries>`), {
    seen: '<entries></entries>',
    foreign: ["'Entry' of namespace ''"],
  })
  t.same(
    read('<entries><Entry><Kind xmlns="">No</Kind><Count>1</Count></Entry></entries>').seen,
    '<entries><Entry><Count>1</Count></Entry></entries>',
  )
  t.same(read('<other/><x:other/><Flag>1</Flag>'), { seen: '', foreign: [] }, 'nobody would look for those')
})

t.test(
  'a lenient profile takes them where there is none in the right namespace, and they are told of all the same',
  async (t) => {
    const { seen, foreign } = read(
      '<entries xmlns=""><Entry><Kind>Read</Kind><Count>1</Count></Entry></entries>',
      lenientProfile,
    )
    t.equal(seen, '<entries><Entry><Kind>Read</Kind><Count>1</Count></Entry></entries>')
    t.same(foreign, [
      "'entries' of namespace ''",
      "'Entry' of namespace ''",
      "'Kind' of namespace ''",
      "'Count' of namespace ''",
    ])
    t.equal(read('<x:flag>1</x:flag><flag>0</flag>', lenientProfile).seen, '<flag>0</flag>')
    t.throws(() => read('<x:flag>yes</x:flag>', lenientProfile), { code: 'Client' })
    t.equal(read('<x:flag>yes</x:flag>').seen, '', 'what is not seen is not read')
  },
)

t.test('documents in a message are left as they are, whatever their namespace', async (t) => {
  const { seen, foreign } = read('<document><XrML xmlns=""><flag>perhaps</flag></XrML></document>', lenientProfile)
  t.equal(seen, '<document><XrML><flag>perhaps</flag></XrML></document>')
  t.same(foreign, [])
})

t.test('what is nil is absent, and in an array without content', async (t) => {
  t.equal(
    read('<flag i:nil="true"/><key i:nil="1"/><id i:nil="false">{00000000-0000-0000-0000-000000000000}</id>').seen,
    '<id>{00000000-0000-0000-0000-000000000000}</id>',
  )
  t.equal(
    read('<entries><Entry i:nil="true"><Kind>None</Kind></Entry></entries>').seen,
    '<entries><Entry></Entry></entries>',
  )
})

const entries = (content: string): string => `<entries><Entry>${content}</Entry></entries>`
const good: readonly string[] = [
  ...['true', 'false', '1', '0', ' true\n'].map((value) => `<flag>${value}</flag>`),
  ...['0', '-1', '+7', ' 12 ', '2147483647', '-2147483648', '0000000000001'].map((value) =>
    entries(`<Count>${value}</Count>`),
  ),
  ...['', 'AAE=', 'A A\n=\t=', 'AAEC'].map((value) => `<key>${value}</key>`),
  entries('<Kind>Write</Kind>'),
  entries('<Kind><![CDATA[Read]]></Kind>'),
  entries('<Name>a &lt; b<![CDATA[ <c/> ]]></Name>'),
  '<id>01234567-89AB-cdef-0123-456789abcdef</id>',
]
const bad: Readonly<Record<string, RegExp>> = {
  '<flag>True</flag>': /'flag' is 'True', and can be true, false, 1 or 0\.$/,
  '<flag/>': /'flag' is '', and can be true/,
  [entries('<Count>2147483648</Count>')]: /'Count' is '2147483648', and can be a whole number/,
  [entries('<Count>1.0</Count>')]: /'Count'/,
  [entries('<Count></Count>')]: /'Count' is ''/,
  [entries('<Count>0x10</Count>')]: /'Count'/,
  [entries('<Kind>read</Kind>')]: /'Kind' is 'read', and can be Read, Write/,
  [entries('<Kind> Read</Kind>')]: /'Kind' is ' Read'/,
  [entries('<Kind/>')]: /'Kind' is ''/,
  '<key>AAE</key>': /'key' is 'AAE', and can be base64/,
  '<key>A===</key>': /'key'/,
  '<key>-_==</key>': /'key'/,
  '<id>{01234567-89ab-cdef-0123-456789abcdef</id>': /'id' is .*, and can be a GUID/,
}

t.test('values are read as .NET reads them; the others are the mistake of the sender', async (t) => {
  for (const content of good) t.doesNotThrow(() => read(content), content)
  for (const [content, message] of Object.entries(bad))
    t.throws(() => read(content), { code: 'Client', status: 500, message }, content)
})

t.test('markup inside of a value is a request that cannot be read', async (t) => {
  for (const inside of ['<b/>', 'a<!-- b -->', 'a<?b?>', '<![CDATA[a]]><!--b-->'])
    t.throws(
      () => read(entries(`<Name>${inside}</Name>`)),
      { code: 'Client', status: 400, message: /'Name' has markup in its value/ },
      inside,
    )
})

t.test('a GUID in every form in which .NET reads one', async (t) => {
  const guid = '01234567-89ab-cdef-0123-456789abcdef'
  const forms = [guid, guid.toUpperCase(), `{${guid}}`, `(${guid})`, guid.replaceAll('-', ''), ` ${guid}\n`]
  t.same(new Set(forms.map(readGuid)), new Set([guid]))
  for (const wrong of [
    '',
    '{}',
    `{${guid}`,
    `${guid}}`,
    `{${guid})`,
    guid.slice(1),
    `{${guid.replaceAll('-', '')}}`,
    guid.replace('-', ''),
  ])
    t.equal(readGuid(wrong), undefined, wrong)
})
