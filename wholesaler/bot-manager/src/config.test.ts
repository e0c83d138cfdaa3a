import { botNodeOptions } from '@vexa/shared/contracts/bot';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../test/default-limits.ts';
import { configFromEnv } from './config.ts';

const env = {
  DATABASE_URL: 'postgres://localhost/vexa',
  REDIS_URL: 'redis://localhost:6379',
  INTERNAL_TOKEN_SECRET: 'i'.repeat(16),
  SESSION_TOKEN_SECRET: 's'.repeat(16),
  ADMIN_API_TOKEN: 'a'.repeat(16),
  TRANSCRIPTION_COLLECTOR_URL: 'http://collector:8000',
  WHISPERLIVE_URL: 'ws://whisperlive:9090',
};

describe('the configuration', () => {
  it('has the designed limits when nobody says otherwise', () => {
    const { limits, bots } = configFromEnv(env);
    expect(limits).toEqual(defaultLimits);
    expect(bots).toMatchObject({ redisUrl: env.REDIS_URL, max: undefined, stopOnShutdown: false });
  });

  it('hands bots what they need of the environment, and no secret', () => {
    const { bots } = configFromEnv({ ...env, PATH: '/bin', CHROMIUM_PATH: '/usr/bin/chromium' });
    expect(bots.env).toEqual({
      NODE_OPTIONS: botNodeOptions,
      PATH: '/bin',
      CHROMIUM_PATH: '/usr/bin/chromium',
    });
  });

  it('keeps bots in containers to what the operator allows, and hands them nothing of this machine', () => {
    const docker = { ...env, RUNNER: 'docker', PUBLIC_CALLBACK_URL: 'http://bot-manager:8080' };
    const machine = { PATH: '/bin', HOME: '/root', CHROMIUM_PATH: '/usr/bin/chromium', LOG_LEVEL: 'debug' };
    expect(configFromEnv({ ...docker, ...machine }).bots).toMatchObject({
      env: { LOG_LEVEL: 'debug' },
      docker: {
        daemon: { socketPath: '/var/run/docker.sock' },
        image: 'vexa-bot:latest',
        pull: 'missing',
        network: 'bridge',
        extraHosts: [],
        limits: { memoryMb: 1024, cpus: 1, pids: 512, tmpMb: 256 },
      },
    });
    const chosen = { DOCKER_HOST: 'tcp://docker.example', DOCKER_NETWORK: 'bots', BOT_CPUS: '0.5' };
    expect(configFromEnv({ ...docker, ...chosen }).bots.docker).toMatchObject({
      daemon: { protocol: 'http', host: 'docker.example', port: 2375 },
      network: 'bots',
      limits: { cpus: 0.5 },
    });
    expect(configFromEnv(env).bots.docker).toBeUndefined();
  });

  it('lends containers a profile and a place for diagnoses, and names both to processes', () => {
    const folders = { BOT_PROFILE_DIR: 'vexa-profile', BOT_DIAGNOSIS_DIR: '/srv/diagnosis' };
    const docker = { RUNNER: 'docker', PUBLIC_CALLBACK_URL: 'http://bot-manager:8080' };
    const contained = configFromEnv({ ...env, ...docker, ...folders }).bots;
    expect(contained.docker?.folders).toEqual({ profile: 'vexa-profile', diagnosis: '/srv/diagnosis' });
    expect(contained.env).not.toHaveProperty('BOT_PROFILE_DIR');
    expect(configFromEnv({ ...env, ...folders }).bots.env).toMatchObject(folders);
  });

  it('keeps bots in pods to what the operator allows, and asks nodes for as much unless told otherwise', () => {
    const pods = { ...env, RUNNER: 'kubernetes', PUBLIC_CALLBACK_URL: 'http://bot-manager:8080', PATH: '/bin' };
    const { kubernetes, ...bots } = configFromEnv(pods).bots;
    expect(bots).toMatchObject({ env: {}, docker: undefined });
    expect(kubernetes).toMatchObject({
      limits: { memoryMb: 1024, cpus: 1, tmpMb: 256 },
      requests: { memoryMb: 1024, cpus: 1 },
      pullSecrets: [],
      nodeSelector: {},
      tolerations: [],
    });
    const toleration = { key: 'pool', operator: 'Equal', value: 'bots', effect: 'NoSchedule' };
    const chosen = {
      BOT_REQUEST_CPUS: '0.25',
      BOT_IMAGE_PULL_SECRETS: 'one,two',
      BOT_NODE_SELECTOR: '{"pool":"bots"}',
      BOT_TOLERATIONS: JSON.stringify([toleration]),
    };
    expect(configFromEnv({ ...pods, ...chosen }).bots.kubernetes).toMatchObject({
      requests: { memoryMb: 1024, cpus: 0.25 },
      pullSecrets: ['one', 'two'],
      nodeSelector: { pool: 'bots' },
      tolerations: [toleration],
    });
    expect(kubernetes?.folders).toEqual({ profile: undefined, diagnosis: undefined });
    const wrong = { BOT_NODE_SELECTOR: 'pool=bots', BOT_TOLERATIONS: '[{"effect":"Never"}]' };
    expect(() => configFromEnv({ ...pods, ...wrong })).toThrow(/BOT_NODE_SELECTOR: must be JSON[\s\S]*BOT_TOLERATIONS/);
  });

  it('lends pods folders of claims, and takes nothing else for one', () => {
    const pods = { ...env, RUNNER: 'kubernetes', PUBLIC_CALLBACK_URL: 'http://bot-manager:8080' };
    const lent = { BOT_PROFILE_DIR: 'vexa-bots/profile', BOT_DIAGNOSIS_DIR: 'vexa.pictures' };
    const { bots } = configFromEnv({ ...pods, ...lent });
    expect(bots.kubernetes?.folders).toEqual({ profile: 'vexa-bots/profile', diagnosis: 'vexa.pictures' });
    expect(bots.env).not.toHaveProperty('BOT_PROFILE_DIR');
    for (const wrong of ['/srv/profile', 'Profiles', 'bots/', 'bots/../other', 'bots//one', '-bots', 'a bot']) {
      const why = /BOT_PROFILE_DIR: must be a PersistentVolumeClaim/;
      expect(() => configFromEnv({ ...pods, BOT_PROFILE_DIR: wrong }), wrong).toThrow(why);
    }
  });

  it.each(['docker', 'kubernetes'])('asks for what the %s runner cannot do without', (RUNNER) => {
    expect(() => configFromEnv({ ...env, RUNNER })).toThrow(/PUBLIC_CALLBACK_URL: is required with RUNNER/);
    expect(() => configFromEnv({ ...env, DOCKER_HOST: 'ssh://docker', BOT_IMAGE_PULL: 'often' })).toThrow(
      /DOCKER_HOST: must be such as unix[\s\S]*BOT_IMAGE_PULL: must be always, missing, never/,
    );
  });

  it('names everything that is wrong at once', () => {
    expect(() => configFromEnv({ ...env, DATABASE_URL: 'mysql://x', MAX_BOTS: '0', RUNNER: 'magic' })).toThrow(
      /DATABASE_URL[\s\S]*RUNNER[\s\S]*MAX_BOTS/,
    );
  });
});
