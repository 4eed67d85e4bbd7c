/** Why servers could not be changed, as far as people can do something about it. */
import { problem } from '../administration/problem.js'
import { CannotProvision } from '../cluster/provision.js'
import { NoServiceAccount } from '../cluster/service-account.js'
import { EnrollmentRefused } from '../cluster/sub-enroll-at-root.js'
import { PortRefused } from './balancer-process.js'
import { ChildFailed } from './child.js'

/** Whoever is told these can do something about it. */
const mendable = [CannotProvision, EnrollmentRefused, NoServiceAccount, PortRefused] as const

/** What people have to know of why a change was not made; of a process that did not start the log has the rest. */
export function explain(error: unknown): never {
  if (error instanceof Error && mendable.some((kind) => error instanceof kind)) problem(409, error.message)
  if (error instanceof ChildFailed)
    problem(503, `${error.message.split('\n')[0]}: nothing was added. Try again; the log of the installation says more`)
  throw error
}
