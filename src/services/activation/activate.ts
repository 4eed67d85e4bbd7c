/** Activate: the cloud service behind it has ended, so a server can only refuse, as Windows does ([MS-RMPR] 3.2.4.1, product notes 33 and 34). */
import { refuse } from '../../exceptions.js'
import type { Markup } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { walk } from '../steps.js'
import { activationService } from './messages.js'

export const activate = operation(
  describe(activationService, 'Activate'),
  walk<Call>().step('activation service', refuseActivation),
)

function refuseActivation(): { answer: Markup } {
  return refuse('UnspecifiedError', 'the machine activation service has ended: clients activate themselves')
}
