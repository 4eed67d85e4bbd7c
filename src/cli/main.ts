#!/usr/bin/env node
/** Where a process begins: what Node.js compiled the last time is at hand before anything else is loaded. */
import { keepCompiledCode } from './compiled-code.js'

keepCompiledCode()
const { main } = await import('./program.js')
await main()
