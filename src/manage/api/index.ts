/** The part of the management API that is about what is stored: a Fastify plugin, a file for each noun. Who may call it is the app's business. */
import type { FastifyInstance } from 'fastify'
import { acceptJsonInUtf8 } from '../../node/json-text.js'
import { registerAccess } from './access.js'
import { registerAccounts } from './accounts.js'
import { registerConfiguration } from './configuration.js'
import { registerExclusion } from './exclusion.js'
import { registerForest } from './forest.js'
import { registerForestPartners } from './forest-partners.js'
import { registerGroups } from './groups.js'
import { registerLabControls } from './lab/index.js'
import type { ManagementApi } from './management-api.js'
import { answerProblem } from './answer-problem.js'
import { registerClusters } from './clusters.js'
import { registerPublishingDomains } from './publishing-domains.js'
import { registerRequests } from './requests.js'
import { registerSuperUsers } from './super-users.js'
import { registerTemplates } from './templates.js'
import { registerTokens } from './tokens.js'
import { registerTrustedForests } from './trusted-forests.js'
import { registerUrls } from './urls.js'
import { registerUserDomains } from './user-domains.js'
import { compileValidator, explainValidation } from './validation.js'

export type { ManagementApi } from './management-api.js'

/** Adds the routes, in a scope of their own. With @fastify/swagger registered before, every one is described. */
export async function registerManagementApi(app: FastifyInstance, api: ManagementApi): Promise<void> {
  await app.register(async (scope) => {
    scope.setValidatorCompiler(compileValidator)
    scope.setSchemaErrorFormatter((errors, part) => explainValidation(errors, part))
    acceptJsonInUtf8(scope)
    scope.setErrorHandler(answerProblem)
    registerForest(scope, api)
    registerForestPartners(scope, api)
    registerClusters(scope, api)
    registerAccounts(scope, api)
    registerGroups(scope, api)
    registerConfiguration(scope, api)
    registerSuperUsers(scope, api)
    registerExclusion(scope, api)
    registerUrls(scope, api)
    registerAccess(scope, api)
    registerUserDomains(scope, api)
    registerPublishingDomains(scope, api)
    registerTrustedForests(scope, api)
    registerTemplates(scope, api)
    registerTokens(scope, api)
    registerRequests(scope, api)
    registerLabControls(scope, api)
  })
}
