/** Namespaces of the services a client calls ([MS-RMPR] 6, [MS-RMSI] 6). The servers' own list is on a floor above. */

/** By service; two services share that of licensing, two that of certification. */
export const namespaces = {
  certification: 'http://microsoft.com/DRM/CertificationService',
  licensing: 'http://microsoft.com/DRM/LicensingService',
  publishing: 'http://microsoft.com/DRM/PublishingService',
  republishing: 'http://microsoft.com/DRM/EditIssuanceLicenseService',
  templates: 'http://microsoft.com/DRM/TemplateDistributionService',
  server: 'http://microsoft.com/DRM/ServerService',
  decommission: 'http://microsoft.com/DRM/DecommissionService',
} as const
