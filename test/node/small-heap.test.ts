import { spawnSync } from 'node:child_process'
import t from 'tap'

/** Bytes of heap that a process has at most while it makes much and keeps little of it. */
function highestHeap(preparation: string): number {
  const program = `
    import { keepHeapSmall } from ${JSON.stringify(new URL('../../src/node/small-heap.js', import.meta.url).href)}
    ${preparation}
    const kept = Array.from({ length: 200 }, () => [])
    let highest = 0
    for (let turn = 0; turn < 1500; turn++) {
      kept[turn % kept.length] = Array.from({ length: 4000 }, (_, index) => ({ turn, index }))
      highest = Math.max(highest, process.memoryUsage().heapTotal)
    }
    console.log(highest)`
  return Number(spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).stdout)
}

t.test('a process that asks for it has a smaller heap while it works', (t) => {
  const [usual, small] = [highestHeap(''), highestHeap('keepHeapSmall()')]
  t.ok(small > 0 && small < usual, `${small} bytes instead of ${usual}`)
  t.end()
})
