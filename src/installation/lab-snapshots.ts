/** Snapshots of the lab, for programs. */
import type { LabOffice } from '../administration/lab/ask-server.js'
import type { Returned } from '../administration/lab/return-to.js'
import type { SnapshotFile } from '../administration/lab/snapshot-file.js'
import {
  exportSnapshot,
  importSnapshot,
  listSnapshots,
  removeSnapshot,
  restoreSnapshot,
  takeSnapshot,
} from '../administration/lab/snapshots.js'
import type { SnapshotAbout } from '../cluster/store/snapshot-store.js'

export interface LabSnapshots {
  /** Keeps the state of now, in place of that of the same name. */
  take(name: string): Promise<SnapshotAbout>
  list(): Promise<readonly SnapshotAbout[]>
  /** Returns to it, as `reset` to the state of the start. Rejects with Problem when there is none of that name. */
  restore(name: string): Promise<Returned>
  remove(name: string): Promise<void>
  /** As a file: an object for JSON. Its keys are sealed under the password. */
  export(name: string, password: string): Promise<SnapshotFile>
  /** Keeps what is in a file, also one of another installation. */
  import(name: string, file: SnapshotFile, password: string): Promise<SnapshotAbout>
}

export function labSnapshots(office: () => LabOffice): LabSnapshots {
  return {
    take: async (name) => takeSnapshot(office(), name),
    list: async () => listSnapshots(office()),
    restore: async (name) => restoreSnapshot(office(), name),
    remove: async (name) => removeSnapshot(office(), name),
    export: async (name, password) => exportSnapshot(office(), name, password),
    import: async (name, file, password) => importSnapshot(office(), name, { file, password }),
  }
}
