/** What an installation was started with; and its servers, where somebody started one by hand with other settings. */
import { otherSettings, type SettingShown, type StartedWith } from '../../config/started-with.js'
import type { LabOffice } from './ask-server.js'
import { askAll, type Gap } from './journal-nodes.js'

export interface ServerConfig {
  readonly node: string
  /** Those that differ from the settings of the installation, and those that only a server has, where they were given. */
  readonly settings: readonly SettingShown[]
}

export interface ConfigReading extends StartedWith {
  /** Those that were started by hand, by `rms-emulator node`. */
  readonly servers: readonly ServerConfig[]
  readonly gaps: readonly Gap[]
}

/** What a server says of itself: nothing, where the installation started it. */
export interface ServerAnswer {
  readonly config?: StartedWith | undefined
}

/** @throws DatabaseAway */
export async function readConfig(office: LabOffice, config: StartedWith): Promise<ConfigReading> {
  const asked = await askAll<ServerAnswer>(office, 'GET', '/lab/config', () => undefined)
  const servers = asked.flatMap((one): readonly ServerConfig[] => {
    const own = 'answer' in one ? one.answer.config : undefined
    return own === undefined ? [] : [{ node: one.node, settings: otherSettings(own, config) }]
  })
  return { ...config, servers, gaps: asked.flatMap((one) => ('why' in one ? [gapOf(one)] : [])) }
}

function gapOf({
  node,
  why,
  keepsNone,
}: {
  readonly node: string
  readonly why: string
  readonly keepsNone: boolean
}): Gap {
  return { node, text: keepsNone ? `${node} says nothing of its settings: it was started with --no-lab` : why }
}
