/**
 * What a `.asmx` address answers on ?disco: where the description of the service is, and where the service. wsdl.exe, disco.exe and "Add Web Reference"
 * of Visual Studio look there when they are given the bare address; the help page names it.
 */
import { element } from '../xml/write.js'
import type { ServiceDescription } from './schema.js'

/** @param address of the service as the caller used it */
export function writeDisco({ name, namespace }: ServiceDescription, address: string): string {
  const binding = (suffix: string, prefix: string) =>
    element('soap', {
      address,
      [`xmlns:${prefix}`]: namespace,
      binding: `${prefix}:${name}${suffix}`,
      xmlns: 'http://schemas.xmlsoap.org/disco/soap/',
    })
  const discovery = element(
    'discovery',
    {
      'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      'xmlns:xsd': 'http://www.w3.org/2001/XMLSchema',
      xmlns: 'http://schemas.xmlsoap.org/disco/',
    },
    element('contractRef', {
      ref: `${address}?wsdl`,
      docRef: address,
      xmlns: 'http://schemas.xmlsoap.org/disco/scl/',
    }),
    binding('Soap', 'q1'),
    binding('Soap12', 'q2'),
  )
  return `<?xml version="1.0" encoding="utf-8"?>${discovery}`
}
