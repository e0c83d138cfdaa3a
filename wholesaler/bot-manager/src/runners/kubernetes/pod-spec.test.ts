import { describe, expect, it } from 'vitest';
import { exampleBot as bot } from '../../../test/example-bot.ts';
import { configSecret, type PodOptions, podName, podSpec } from './pod-spec.ts';

const env = { LOG_LEVEL: 'debug', BOT_PROXY: 'http://user:password@proxy' };
const options: PodOptions = {
  image: 'registry.example/vexa-bot:1',
  pull: 'missing',
  pullSecrets: ['registry'],
  owner: 'here',
  env,
  limits: { memoryMb: 1024, cpus: 1, tmpMb: 64 },
  requests: { memoryMb: 768, cpus: 0.25 },
  nodeSelector: { pool: 'bots' },
  tolerations: [{ key: 'pool', operator: 'Equal', value: 'bots', effect: 'NoSchedule' }],
  graceSeconds: 30,
  folders: {},
};
const pod = podSpec(bot, options);

describe("a bot's pod", () => {
  it('is exactly this', () => {
    expect(pod).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'bot-3-7-0000abcd',
        labels: {
          app: 'bot',
          'vexa.bot': 'vexa-bot-7-0000abcd',
          'vexa.user_id': '3',
          'vexa.meeting_id': '7',
          'vexa.owner': 'here',
        },
        annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
      },
      spec: {
        restartPolicy: 'Never',
        activeDeadlineSeconds: 5_700,
        terminationGracePeriodSeconds: 30,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        shareProcessNamespace: true,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          fsGroup: 1000,
          fsGroupChangePolicy: 'OnRootMismatch',
          seccompProfile: { type: 'RuntimeDefault' },
        },
        imagePullSecrets: [{ name: 'registry' }],
        nodeSelector: { pool: 'bots' },
        tolerations: [{ key: 'pool', operator: 'Equal', value: 'bots', effect: 'NoSchedule' }],
        containers: [
          {
            name: 'bot',
            image: 'registry.example/vexa-bot:1',
            imagePullPolicy: 'IfNotPresent',
            env: [{ name: 'HOME', value: '/tmp' }],
            envFrom: [{ secretRef: { name: 'bot-3-7-0000abcd' } }],
            resources: {
              requests: { cpu: '250m', memory: '768Mi' },
              limits: { cpu: '1000m', memory: '1024Mi' },
            },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }],
      },
    });
  });

  it('is lent folders of claims, each claim once, and told where it finds them', () => {
    const lentOf = (profile: string, diagnosis: string) => {
      const { containers, volumes } = podSpec(bot, { ...options, folders: { profile, diagnosis } }).spec!;
      const { env, volumeMounts, securityContext } = containers[0]!;
      expect(env).toEqual([
        { name: 'HOME', value: '/tmp' },
        { name: 'BOT_PROFILE_DIR', value: '/var/lib/vexa/profile' },
        { name: 'BOT_DIAGNOSIS_DIR', value: '/var/lib/vexa/diagnosis' },
      ]);
      expect(securityContext?.readOnlyRootFilesystem).toBe(true);
      return { mounts: volumeMounts?.slice(1), volumes: volumes?.slice(1) };
    };
    expect(lentOf('vexa-bots/profile', 'vexa-bots/kept/diagnosis')).toEqual({
      mounts: [
        { name: 'lent-0', mountPath: '/var/lib/vexa/profile', subPath: 'profile' },
        { name: 'lent-0', mountPath: '/var/lib/vexa/diagnosis', subPath: 'kept/diagnosis' },
      ],
      volumes: [{ name: 'lent-0', persistentVolumeClaim: { claimName: 'vexa-bots' } }],
    });
    expect(lentOf('account', 'pictures/of-bots')).toEqual({
      mounts: [
        { name: 'lent-0', mountPath: '/var/lib/vexa/profile' },
        { name: 'lent-1', mountPath: '/var/lib/vexa/diagnosis', subPath: 'of-bots' },
      ],
      volumes: [
        { name: 'lent-0', persistentVolumeClaim: { claimName: 'account' } },
        { name: 'lent-1', persistentVolumeClaim: { claimName: 'pictures' } },
      ],
    });
  });

  it('shows nothing of what the bot is told', () => {
    const shown = JSON.stringify(pod);
    for (const secret of [bot.config.token, bot.config.redisUrl, bot.config.meetingUrl, env.BOT_PROXY]) {
      expect(shown).not.toContain(secret);
    }
  });

  it('owns the Secret that tells it', () => {
    expect(configSecret(bot, { name: 'bot-3-7-0000abcd', uid: 'u' }, env)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'bot-3-7-0000abcd',
        labels: { app: 'bot' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'bot-3-7-0000abcd', uid: 'u' }],
      },
      type: 'Opaque',
      immutable: true,
      stringData: { ...env, BOT_CONFIG: JSON.stringify(bot.config) },
    });
  });

  it.each([
    ['USER.123', 'Meeting_456', 'bot-user-123-meeting-456-0000abcd'],
    ['-u-', 'é', 'bot-u-0000abcd'],
    ['u'.repeat(80), '7', `bot-${'u'.repeat(50)}-0000abcd`],
  ])('has a name that is safe, for %s in %s', (userId, meetingId, name) => {
    const made = podName({ name: bot.name, labels: { 'vexa.user_id': userId, 'vexa.meeting_id': meetingId } });
    expect(made).toBe(name);
    expect(made).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
});
