import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { requiredRules } from '../../src/runners/kubernetes/required-rules.ts';

/** The cluster of the test run, as its administrator: `scripts/kube-apiserver.sh` gives both. */
export const admin = new KubeConfig();
admin.loadFromFile(process.env.KUBECONFIG ?? '');
export const certs = process.env.KUBE_CERTS ?? '';
export const api = admin.makeApiClient(CoreV1Api);

const account = 'bot-manager';

/**
 * A namespace that takes only pods of the strictest kind, with a service account that may do what the runner needs and
 * nothing else. Returns a kubeconfig of that account, in `dir`.
 */
export async function createNamespace(name: string, dir: string): Promise<string> {
  const strict = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await api.createNamespace({ body: { metadata: { name, labels: strict } } });
  await api.createNamespacedServiceAccount({ namespace: name, body: { metadata: { name: account } } });
  const rbac = admin.makeApiClient(RbacAuthorizationV1Api);
  const rules = requiredRules.map(({ apiGroups, resources, verbs }) => ({
    apiGroups: [...apiGroups],
    resources: [...resources],
    verbs: [...verbs],
  }));
  await rbac.createNamespacedRole({ namespace: name, body: { metadata: { name: account }, rules } });
  await rbac.createNamespacedRoleBinding({
    namespace: name,
    body: {
      metadata: { name: account },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: name }],
    },
  });
  const { status } = await api.createNamespacedServiceAccountToken({
    namespace: name,
    name: account,
    body: { spec: { audiences: [], expirationSeconds: 3_600 } },
  });
  await waitFor(
    'the account of pods',
    () =>
      api.readNamespacedServiceAccount({ namespace: name, name: 'default' }).then(
        () => true,
        () => false,
      ),
    { deadlineMs: 60_000 },
  );
  const as = new KubeConfig();
  const cluster = admin.getCurrentCluster()!;
  as.loadFromOptions({
    clusters: [cluster],
    users: [{ name: account, token: status!.token }],
    contexts: [{ name, cluster: cluster.name, user: account, namespace: name }],
    currentContext: name,
  });
  const file = join(dir, `${name}.kubeconfig`);
  writeFileSync(file, as.exportConfig(), { mode: 0o600 });
  return file;
}
