/** Who is calling: what the HTTP layer hands to the RMS code ([MS-RMPR] 3.1.1.1.8, 3.1.4.3). */
import type { Account } from '../directory/directory.js'

export type AuthenticationType = 'Anonymous' | 'Basic' | 'NTLM' | 'Negotiate' | 'Bearer'

export interface Caller {
  readonly isAuthenticated: boolean
  readonly authenticationType: AuthenticationType
  /** Present exactly when authenticated. */
  readonly account: Account | undefined
}

export const anonymousCaller: Caller = { isAuthenticated: false, authenticationType: 'Anonymous', account: undefined }
