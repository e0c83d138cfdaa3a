import { describe, expect, it } from 'vitest';
import { exampleBot as bot } from '../../test/example-bot.ts';
import { containerSpec } from './container-spec.ts';

const options = {
  image: 'vexa-bot:1',
  network: 'bots',
  owner: 'here',
  env: { LOG_LEVEL: 'debug' },
  extraHosts: ['host.docker.internal:host-gateway'],
  limits: { memoryMb: 512, cpus: 0.5, pids: 100, tmpMb: 64 },
  folders: {},
};
const spec = containerSpec(bot, options);

describe("a bot's container", () => {
  it('has the name and the labels by which people and the next bot-manager find it', () => {
    expect(spec.name).toBe(bot.name);
    expect(spec.Labels).toEqual({ 'vexa.user_id': '3', 'vexa.meeting_id': '7', 'vexa.owner': 'here' });
  });

  it('is told its meeting, and nothing else but what the operator gave', () => {
    expect(spec.Env).toEqual(['HOME=/tmp', 'LOG_LEVEL=debug', `BOT_CONFIG=${JSON.stringify(bot.config)}`]);
  });

  it('may use so much memory, processor and processes, and no swap', () => {
    expect(spec.HostConfig).toMatchObject({
      Memory: 512 * 1024 * 1024,
      MemorySwap: 512 * 1024 * 1024,
      NanoCpus: 500_000_000,
      PidsLimit: 100,
    });
  });

  it('has no rights, gains none, and writes only to a bounded /tmp', () => {
    expect(spec.HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,mode=1777,size=64m' },
    });
    expect(spec.HostConfig).not.toHaveProperty('Privileged');
    expect(spec.HostConfig).not.toHaveProperty('Binds');
    expect(spec.HostConfig?.Mounts).toEqual([]);
  });

  it('is lent a folder of the machine or a volume, and told where it finds them', () => {
    const folders = { profile: 'vexa-profile', diagnosis: '/srv/diagnosis' };
    const { Env, HostConfig } = containerSpec(bot, { ...options, folders });
    expect(HostConfig?.Mounts).toEqual([
      { Type: 'volume', Source: 'vexa-profile', Target: '/var/lib/vexa/profile' },
      { Type: 'bind', Source: '/srv/diagnosis', Target: '/var/lib/vexa/diagnosis' },
    ]);
    expect(Env).toContain('BOT_PROFILE_DIR=/var/lib/vexa/profile');
    expect(Env).toContain('BOT_DIAGNOSIS_DIR=/var/lib/vexa/diagnosis');
  });

  it('is on the network it was given, ends for good when it ends, and bounds its log', () => {
    expect(spec.HostConfig).toMatchObject({
      NetworkMode: 'bots',
      ExtraHosts: ['host.docker.internal:host-gateway'],
      Init: true,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    });
  });
});
