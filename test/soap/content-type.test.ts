import t from 'tap'
import { readContentType } from '../../src/soap/content-type.js'

const read = (value: string | undefined) => {
  const { mediaType, parameters } = readContentType(value)
  return [mediaType, Object.fromEntries(parameters)]
}

t.test('media type and parameters, in quotes or not, whatever the blanks and the case', async (t) => {
  t.same(read('Text/XML'), ['text/xml', {}])
  t.same(read(undefined), ['', {}])
  t.same(read('text/xml;charset="UTF-8"'), ['text/xml', { charset: 'UTF-8' }])
  t.same(read('text/xml ; Charset = utf-8 ;'), ['text/xml', { charset: 'utf-8' }])
  t.same(read('a/b;action=urn:a/b;charset=utf-8'), ['a/b', { action: 'urn:a/b', charset: 'utf-8' }])
  t.same(read('a/b; action=""; charset=utf-8'), ['a/b', { action: '', charset: 'utf-8' }])
})

t.test('what is in quotes is one value', async (t) => {
  t.same(read('a/b; action="x; charset=y" ; charset=z'), ['a/b', { action: 'x; charset=y', charset: 'z' }])
  t.same(read('a/b; action="x\\"y"; charset=z'), ['a/b', { action: 'x"y', charset: 'z' }])
})

t.test('the first of two counts; what cannot be understood ends it', async (t) => {
  t.same(read('a/b; charset=x; charset=y'), ['a/b', { charset: 'x' }])
  t.same(read('a/b; action="x'), ['a/b', {}])
  t.same(read('a/b; ; charset=x'), ['a/b', { charset: 'x' }])
})

t.test('a long value takes no longer than it is', async (t) => {
  for (const value of [`a/b;${' '.repeat(50_000)}`, `a/b${'; '.repeat(25_000)}`, `a/b; x="${'\\'.repeat(50_000)}`])
    t.equal(readContentType(value).mediaType, 'a/b')
})
