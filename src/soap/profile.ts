/** How close to Windows a server keeps where keeping closer costs some client its answer. What is lenient here is so nowhere else. */
export interface Profile {
  /**
   * Parameters whose element stands in a namespace that is not that of the service. To Windows they are absent. Taken, they count where
   * there is none of this name in the right namespace. Either way they are logged and counted.
   */
  readonly foreignParameters: 'absent' | 'taken'
}

/** As Windows: a client that works here works there. */
export const strictProfile: Profile = { foreignParameters: 'absent' }

/** For clients that were never tried against Windows. */
export const lenientProfile: Profile = { foreignParameters: 'taken' }
