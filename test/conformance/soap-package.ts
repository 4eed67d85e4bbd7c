/** The npm package `soap`: clients made from our WSDL, which is fetched without credentials. XrML goes out raw and is taken from the raw answer, as its users do. */
import { BasicAuthSecurity, createClientAsync } from 'soap'
import { seedPassword } from '../../src/directory/seed.js'

export interface Answer {
  /** As the package parsed it. */
  readonly result: Readonly<Record<string, unknown>>
  readonly raw: string
  /** The headers of the answer, parsed. */
  readonly headers: unknown
  /** X-Lab of the answer. */
  readonly lab: string | undefined
}

export interface ForeignClient {
  readonly methods: readonly string[]
  readonly call: (operation: string, request: object) => Promise<Answer>
}

export interface SoapPackage {
  /** One for each address, account and version. */
  readonly clientFor: (path: string, user: string, version?: '1.1' | '1.2', password?: string) => Promise<ForeignClient>
  /** Path and operation of every call that was answered, with a blank between. */
  readonly answered: ReadonlySet<string>
}

type Method = (request: object) => Promise<readonly [Readonly<Record<string, unknown>>, string, unknown]>

/** @param urlOf full URL of a service, by its path below `/_wmcs` */
export function soapPackage(urlOf: (path: string) => string): SoapPackage {
  const clients = new Map<string, Promise<ForeignClient>>()
  const answered = new Set<string>()

  async function openClient(
    path: string,
    user: string,
    version: '1.1' | '1.2',
    password: string,
  ): Promise<ForeignClient> {
    const client = await createClientAsync(`${urlOf(path)}?wsdl`, { forceSoap12Headers: version === '1.2' })
    client.setSecurity(new BasicAuthSecurity(user, password))
    const described = client.describe() as Readonly<
      Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
    >
    const [ports] = Object.values(described)
    const [port] = Object.values(ports ?? {})
    const definitions = client.wsdl.definitions as unknown as { readonly $targetNamespace: string }
    const versions = { MinimumVersion: '1.0.0.0', MaximumVersion: '1.1.0.0' }
    client.addSoapHeader({ VersionData: versions }, '', 'ver', definitions.$targetNamespace)
    const methods = client as unknown as Readonly<Record<string, Method>>
    return {
      methods: Object.keys(port ?? {}),
      call: async (operation, request) => {
        const method = methods[`${operation}Async`]
        if (method === undefined) throw new Error(`The WSDL of ${path} has no ${operation}`)
        const [result, raw, headers] = await method.call(client, request)
        answered.add(`${path} ${operation}`)
        const lab = client.lastResponseHeaders?.['x-lab'] as string | undefined
        return { result, raw, headers, lab }
      },
    }
  }

  return {
    clientFor: (path, user, version = '1.1', password = seedPassword) => {
      const key = `${path} ${user} ${version} ${password}`
      const known = clients.get(key) ?? openClient(path, user, version, password)
      clients.set(key, known)
      return known
    },
    answered,
  }
}

/** What the package makes of a fault: an Error whose `root` is the parsed envelope. */
export async function faultOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return faultIn(error) ?? `no fault: ${String(error)}`
  }
  return 'no fault at all'
}

/** HTTP status of the answer that an error of the package carries; undefined where there was none. */
export function statusOf(error: unknown): number | undefined {
  return (error as { response?: { status?: number } }).response?.status
}

/** X-Lab of the answer that an error of the package carries. */
export function labHeaderOf(error: unknown): string | undefined {
  return (error as { response?: { headers?: Readonly<Record<string, string>> } }).response?.headers?.['x-lab']
}

/** Text of the fault that an error of the package carries. */
export function faultIn(error: unknown): string | undefined {
  const { root } = error as {
    root?: {
      Envelope?: { Body?: { Fault?: { faultstring?: string; Reason?: { Text?: string | { $value?: string } } } } }
    }
  }
  const fault = root?.Envelope?.Body?.Fault
  const reason = fault?.Reason?.Text
  return fault?.faultstring ?? (typeof reason === 'string' ? reason : reason?.$value)
}

/** Certificates as the package sends them: to the letter. */
export const rawCertificates = (documents: readonly string[]) => ({
  Certificate: documents.map((document) => ({ $xml: document })),
})

/** Documents as they stand in an answer, without any parser of ours. */
export const documentsIn = (answer: string): readonly string[] => answer.match(/<XrML .*?<\/XrML>/gs) ?? []
