/** `npm test`, before it begins: see packages.ts. Apart from `npm run compile`, as `tap build` comes between. */
import { fileURLToPath } from 'node:url'
import { writeTap } from './packages.js'

await writeTap(fileURLToPath(new URL('../../', import.meta.url)))
