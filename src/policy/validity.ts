/** How long a RAC holds ([MS-RMPR] 3.3.4.1). */
import { addSeconds, toMinute, type TimeRange } from '../xrml/times.js'

export type CredentialType = 'Persistent' | 'Temporary'

export interface ValiditySettings {
  readonly racValidityTimeSeconds: number
  readonly tempRacValidityTimeSeconds: number
  readonly certificateValidityTimeToleranceSeconds: number
}

/**
 * The specification contradicts itself on what `Persistent` means: by its name and by 3.3.4.1 it asks for the normal certificate, by
 * 3.3.4.1.3.1 for the short-lived one. The name counts, unless a setting turns it round.
 */
export function credentialType(persistent: boolean, inverted: boolean): CredentialType {
  return persistent !== inverted ? 'Persistent' : 'Temporary'
}

/** FROM lies before the time of issue, so that a client whose clock is behind can use the certificate at once. */
export function racValidity(settings: ValiditySettings, type: CredentialType, issued: Date): TimeRange {
  const seconds = type === 'Persistent' ? settings.racValidityTimeSeconds : settings.tempRacValidityTimeSeconds
  return {
    from: toMinute(addSeconds(issued, -settings.certificateValidityTimeToleranceSeconds)),
    until: toMinute(addSeconds(issued, seconds)),
  }
}
