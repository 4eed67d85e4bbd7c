/** Where clusters are: a state that is put back elsewhere than it was taken has the addresses of where it is now. */
import type { ServerConfiguration } from './configuration.js'
import type { StateRows } from './store/state-rows.js'

export type Place = Pick<ServerConfiguration, 'baseUrl' | 'extranetListener'>

/** By the names of clusters. */
export type Places = ReadonlyMap<string, Place>

export function placesOf({ clusters }: Pick<StateRows, 'clusters'>): Places {
  return new Map(clusters.map(({ name, configuration }) => [name, configuration]))
}

/** Its clusters at these places: with them go the service connection point, and whatever other URL led to one of them. */
export function movedTo(state: StateRows, places: Places): StateRows {
  const moves = state.clusters.flatMap(({ name, configuration: from }) => {
    const to = places.get(name)
    if (to === undefined) return []
    const [before, now] = [from.extranetListener, to.extranetListener]
    return [
      { from: from.baseUrl, to: to.baseUrl },
      ...(before === null || now === null ? [] : [{ from: `${before}/_wmcs`, to: `${now}/_wmcs` }]),
    ]
  })
  const moved = <Url extends string | null>(url: Url): Url => {
    const move = url === null ? undefined : moves.find(({ from }) => url === from || url.startsWith(`${from}/`))
    return move === undefined ? url : (`${move.to}${url?.slice(move.from.length)}` as Url)
  }
  return {
    ...state,
    tables: {
      ...state.tables,
      forest: state.tables.forest.map((row) => ({
        ...row,
        service_connection_point: moved(row.service_connection_point),
      })),
    },
    clusters: state.clusters.map(({ configuration, ...cluster }) => ({
      ...cluster,
      configuration: {
        ...configuration,
        ...placeIn(places, cluster.name),
        licensingUrl: moved(configuration.licensingUrl),
        certificationUrl: moved(configuration.certificationUrl),
        externalLicensingUrl: moved(configuration.externalLicensingUrl),
        externalCertificationUrl: moved(configuration.externalCertificationUrl),
      },
    })),
  }
}

function placeIn(places: Places, name: string): Partial<Place> {
  const place = places.get(name)
  return place === undefined ? {} : { baseUrl: place.baseUrl, extranetListener: place.extranetListener }
}
