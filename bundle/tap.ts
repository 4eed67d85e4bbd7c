/**
 * `npm test`, before it begins: tap without loaders, in one file. tap sends what it loads through loaders for TypeScript and for mocks, and there is neither
 * here. Left out as plugins, they would make `tap build` compile tap anew, which takes longer than our own compiler.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { writeTap } from './packages.js'

const built = fileURLToPath(import.meta.resolve('@tapjs/test/built'))
const loaders = /^export const (loaders|importLoaders|loaderFallbacks) = \[[^\]]*\]/gm

const code = await readFile(built, 'utf8')
if (code.match(loaders)?.length !== 3) throw new Error(`${built} names its loaders in another way: see bundle/tap.ts`)
// Not written over: the file may be linked from another checkout.
await writeFile(`${built}.new`, code.replaceAll(loaders, 'export const $1 = []'))
await rename(`${built}.new`, built)

await writeTap(fileURLToPath(new URL('../../', import.meta.url)))
