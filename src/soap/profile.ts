/** How close to which Windows a server keeps, where keeping closer costs some client its answer. What is lenient here is so nowhere else. */
export interface Profile {
  /**
   * Parameters whose element stands in a namespace that is not that of the service. To Windows they are absent. Taken, they count where
   * there is none of this name in the right namespace. Either way they are logged and counted.
   */
  readonly foreignParameters: 'absent' | 'taken'
  /** The highest of VersionData that the server has, and says that it has ([MS-RMPR] note <1>). */
  readonly highestVersion: string
  /** Of a request without VersionData, or with half of it: 1.0.0.0 is assumed, and a warning counted; or it is refused, as [MS-RMPR] 3.1.4.6 has it. */
  readonly missingVersion: 'assumed' | 'refused'
}

export const profileNames = ['2016', '2008', 'strict'] as const
export type ProfileName = (typeof profileNames)[number]

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  /** Windows Server 2008 R2 SP1 and all later ones. */
  '2016': { foreignParameters: 'absent', highestVersion: '1.2.0.0', missingVersion: 'assumed' },
  /** Windows Server 2008, and 2008 R2 without a service pack. */
  '2008': { foreignParameters: 'absent', highestVersion: '1.1.0.0', missingVersion: 'assumed' },
  /** As the later ones, and nothing is let pass that a specification requires. */
  strict: { foreignParameters: 'absent', highestVersion: '1.2.0.0', missingVersion: 'refused' },
}

/** As Windows: a client that works here works there. */
export const usualProfile = profiles['2016']

/** For clients that were never tried against Windows. */
export const lenientProfile: Profile = { ...usualProfile, foreignParameters: 'taken' }
