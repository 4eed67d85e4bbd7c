/** The command `healthcheck`. */
import type { Command } from 'commander'
import { add, settingsOf } from './add-command.js'

export function addHealthcheck(root: Command): void {
  const about = 'say whether an installation is ready, and end with 0 or 1: for containers and scripts'
  add(root, 'healthcheck', 'status', about, ['healthcheck', 'healthcheck --url http://127.0.0.1:7000'])
    .option('--url <URL>', 'a server or a balancer; each cluster of the installation unless told')
    .action(async ({ url }: { readonly url?: string }, command: Command) => {
      const { healthcheck } = await import('./commands/healthcheck.js')
      if (!(await healthcheck(settingsOf(command, 'status'), url))) process.exitCode = 1
    })
}
