/**
 * What the service account of bot-manager may do in the namespace of the bots, and nothing else: the rules of its Role.
 * Secrets are only ever made: they go with the pod that owns them.
 */
export const requiredRules = [
  { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
] as const;
