/**
 * An operation is a table of named steps. Each step is a function from what is known so far to what more is known, or throws an
 * RmsException; the names appear in metrics, in the request log and in the explanation of a refusal.
 */

export type Step<Known, More> = (known: Known) => More | Promise<More>

/** Told after each step, also after the one that refused. */
export type StepObserver = (step: string, milliseconds: number) => void

export interface Walk<Start, Known> {
  /** Adds a step at the end. */
  step<More extends object | void>(name: string, run: Step<Known, More>): Walk<Start, Known & More>
  /** Names of the steps, in order. */
  readonly names: readonly string[]
  /** Walks all steps; the first exception ends it, with the name of its step noted on it. */
  run(start: Start, watch: { readonly monotonic: () => number; readonly observer: StepObserver }): Promise<Known>
}

/** The step at which an exception was thrown, if it came from a walk. */
export function stepOf(error: unknown): string | undefined {
  return error instanceof Error ? stepNames.get(error) : undefined
}

const stepNames = new WeakMap<Error, string>()

/** The empty table. */
export function walk<Start extends object>(): Walk<Start, Start> {
  return walkOf<Start, Start>([])
}

function walkOf<Start extends object, Known>(
  steps: readonly (readonly [string, Step<never, object | void>])[],
): Walk<Start, Known> {
  return {
    names: steps.map(([name]) => name),
    step: <More extends object | void>(name: string, run: Step<Known, More>) =>
      walkOf<Start, Known & More>([...steps, [name, run]]),
    async run(start, { monotonic, observer }) {
      const known: object = { ...start }
      let began = monotonic()
      for (const [name, run] of steps) {
        try {
          const more = run(known as never)
          // Most steps need not wait, and each wait is a turn of its own.
          Object.assign(known, more instanceof Promise ? await more : more)
        } catch (error) {
          if (error instanceof Error && !stepNames.has(error)) stepNames.set(error, name)
          throw error
        } finally {
          const ended = monotonic()
          observer(name, ended - began)
          began = ended
        }
      }
      return known as Known
    },
  }
}
