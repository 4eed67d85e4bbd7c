/** What something was started with: each setting, its value as text, and where that is from. */

export interface SettingShown {
  readonly name: string
  /** As text; secrets are hidden, and what is not set is ''. */
  readonly value: string
  /** `--port`, `RMS_PORT`, `port in lab.json`, `option` of a function of the library, or `default`. */
  readonly from: string
}

export interface StartedWith {
  /** The command, or the function of the library. */
  readonly by: string
  readonly settings: readonly SettingShown[]
}

/**
 * In what two differ that belong together.
 * @returns settings of `one` that have another value in `other`; and those that `other` does not know, where they were given
 */
export function otherSettings(one: StartedWith, other: StartedWith): readonly SettingShown[] {
  const known = new Map(other.settings.map((setting) => [setting.name, setting]))
  return one.settings.filter(({ name, value, from }) => {
    const there = known.get(name)
    if (there === undefined) return from !== 'default'
    return value !== there.value && (from !== 'default' || there.from !== 'default')
  })
}
