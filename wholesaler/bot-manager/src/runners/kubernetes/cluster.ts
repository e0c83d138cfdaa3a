import { readFileSync } from 'node:fs';
import {
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  type RequestContext,
  type ResponseContext,
  ServerConfiguration,
} from '@kubernetes/client-node';

export interface Cluster {
  config: KubeConfig;
  api: CoreV1Api;
  namespace: string;
}

const callTimeoutMs = 15_000;
const namespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** The API server and the namespace of the bots. Throws when nothing tells where the API server is. */
export function connectCluster(settings: { kubeconfig: string | undefined; namespace: string | undefined }): Cluster {
  const config = new KubeConfig();
  if (settings.kubeconfig) config.loadFromFile(settings.kubeconfig);
  else config.loadFromDefault();
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig names no cluster');
  const api = new CoreV1Api(
    createConfiguration({
      baseServer: new ServerConfiguration(cluster.server, {}),
      authMethods: { default: config },
      promiseMiddleware: [{ pre: giveUpInTime, post: async (response: ResponseContext) => response }],
    }),
  );
  return { config, api, namespace: settings.namespace ?? namespaceOf(config) };
}

async function giveUpInTime(request: RequestContext): Promise<RequestContext> {
  request.setSignal(AbortSignal.timeout(callTimeoutMs));
  return request;
}

function namespaceOf(config: KubeConfig): string {
  const named = config.getContextObject(config.getCurrentContext())?.namespace;
  if (named) return named;
  try {
    return readFileSync(namespaceFile, 'utf8').trim();
  } catch {
    return 'default'; // as kubectl does outside of a cluster
  }
}
