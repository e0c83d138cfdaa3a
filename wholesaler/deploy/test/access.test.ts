import { requiredRules } from '@vexa/bot-manager/runners/kubernetes/required-rules';
import { describe, expect, test } from 'vitest';
import { chartNames, podsOf, render } from './render.ts';

const objects = Object.fromEntries(
  await Promise.all(chartNames.map(async (chart) => [chart, await render(chart)] as const)),
);
const inOwnNamespace = await render('vexa', { values: { 'bots.namespace': 'vexa-bots' } });
const kinds = (kind: string) => Object.values(objects).flatMap((all) => all.filter((object) => object.kind === kind));

describe('what pods may ask of Kubernetes', () => {
  test("bot-manager's role is what its runner needs, in one namespace, and there is no other", () => {
    expect(kinds('ClusterRole')).toEqual([]);
    expect(kinds('ClusterRoleBinding')).toEqual([]);
    expect(kinds('Role')).toHaveLength(1);
    expect(kinds('Role')[0]?.rules).toEqual(requiredRules);
    const bindings = kinds('RoleBinding');
    expect(bindings).toHaveLength(1);
    expect(bindings[0]).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: kinds('Role')[0]?.metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: 'vexa-bot-manager', namespace: 'vexa' }],
    });
  });

  test('where bots have a namespace of their own, the role is there and nowhere else', () => {
    for (const kind of ['Role', 'RoleBinding']) {
      const found = inOwnNamespace.filter((object) => object.kind === kind);
      expect(found.map(({ metadata }) => metadata.namespace)).toEqual(['vexa-bots']);
    }
    const manager = inOwnNamespace.flatMap(podsOf).find(({ spec }) => spec.automountServiceAccountToken);
    expect(manager?.spec.containers[0].env).toContainEqual({ name: 'KUBERNETES_NAMESPACE', value: 'vexa-bots' });
    expect(manager?.spec.serviceAccountName).toBe('vexa-bot-manager');
  });

  test('no pod has a token but that of bot-manager', () => {
    for (const { labels, spec } of Object.values(objects).flat().flatMap(podsOf)) {
      const component = labels['app.kubernetes.io/component'];
      expect(spec.automountServiceAccountToken, component).toBe(component === 'bot-manager');
    }
    for (const account of kinds('ServiceAccount')) expect(account.automountServiceAccountToken).toBe(false);
  });
});

describe('who knows which secret', () => {
  const secretsOf = (component: string) =>
    Object.values(objects)
      .flat()
      .flatMap(podsOf)
      .filter(({ labels }) => labels['app.kubernetes.io/component'] === component)
      .flatMap(({ spec }) => spec.containers[0].env)
      .flatMap(
        (variable: { valueFrom?: { secretKeyRef: { key: string } } }) => variable.valueFrom?.secretKeyRef.key ?? [],
      )
      .filter((key: string) => key !== 'METRICS_TOKEN')
      .sort();

  test.each([
    ['api-gateway', 'INTERNAL_TOKEN_SECRET REDIS_PASSWORD'],
    ['admin-api', 'ADMIN_API_TOKEN INTERNAL_TOKEN_SECRET POSTGRES_PASSWORD REDIS_PASSWORD'],
    ['bot-manager', 'ADMIN_API_TOKEN INTERNAL_TOKEN_SECRET POSTGRES_PASSWORD REDIS_PASSWORD SESSION_TOKEN_SECRET'],
    ['transcription-collector', 'INTERNAL_TOKEN_SECRET POSTGRES_PASSWORD REDIS_PASSWORD SESSION_TOKEN_SECRET'],
    ['whisperlive', 'REDIS_PASSWORD SESSION_TOKEN_SECRET TRANSCRIPTION_API_KEY'],
    ['redis', 'REDIS_PASSWORD'],
    ['api', 'ADMIN_API_TOKEN POSTGRES_PASSWORD VEXA_INFRA_API_KEY WHOLESALER_WEBHOOK_SECRET'],
  ])('%s: %s', (component, secrets) => {
    expect(secretsOf(component)).toEqual(secrets.split(' '));
  });
});
