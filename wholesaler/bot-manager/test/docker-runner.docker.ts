import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDaemonAddress } from '../src/runners/daemon-address.ts';
import { createDockerRunner } from '../src/runners/docker-runner.ts';
import { describeEndings } from './endings-contract.ts';
import { describeManager, describeRunner, type RunnerKind, specOf } from './runner-contract.ts';

// Needs a daemon and the image of the bot: `make test-docker` provides both.
const image = 'vexa-scripted-bot:test';
const daemonUrl = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
const daemon = parseDaemonAddress(daemonUrl)!;
const docker = new Docker(daemon);
const extraHosts = ['host.docker.internal:host-gateway'];
const limits = { memoryMb: 256, cpus: 1, pids: 64, tmpMb: 32 };
const logger = createLogger('test', process.env.TEST_LOG ? 'debug' : 'silent');

beforeAll(() => {
  const context = fileURLToPath(new URL('.', import.meta.url));
  const args = ['build', '-q', '-t', image, '-f', `${context}scripted-bot.Dockerfile`, context];
  execFileSync('docker', args, { env: { ...process.env, DOCKER_HOST: daemonUrl } });
}, 300_000);

const running = async () => (await docker.listContainers({ filters: { ancestor: [image] } })).map(({ Id }) => Id);
afterAll(async () => {
  const left = await docker.listContainers({ all: true, filters: { ancestor: [image] } });
  await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
}, 120_000);

const create = (owner: string, more: Partial<Parameters<typeof createDockerRunner>[0]> = {}) =>
  createDockerRunner({
    ...{
      daemon,
      image,
      pull: 'never',
      network: 'bridge',
      env: {},
      extraHosts,
      limits,
      folders: {},
      keepEndedMs: 60_000,
      logger,
      owner,
    },
    ...more,
  });
const containers: RunnerKind = {
  name: 'Docker',
  create,
  env: (port) => ({
    RUNNER: 'docker',
    DOCKER_HOST: daemonUrl,
    BOT_IMAGE: image,
    BOT_IMAGE_PULL: 'never',
    BOT_EXTRA_HOSTS: extraHosts.join(),
    HOST: '0.0.0.0',
    PUBLIC_CALLBACK_URL: `http://host.docker.internal:${port}`,
  }),
  bots: running,
  kill: (id) => docker.getContainer(id).kill({ signal: 'SIGKILL' }),
};

describeRunner(containers);

/** Of a command in a container. */
async function exitCodeOf(id: string, command: string): Promise<number | null> {
  const exec = await docker.getContainer(id).exec({ Cmd: ['sh', '-c', command], AttachStdout: true });
  const stream = await exec.start({});
  stream.resume();
  await waitFor('the command', async () => !(await exec.inspect()).Running, { deadlineMs: 30_000 });
  return (await exec.inspect()).ExitCode;
}

describe('a container', { timeout: 120_000 }, () => {
  it('is held to its limits by the daemon', async () => {
    await using runner = create('limits');
    const spec = specOf('good');
    const bot = await runner.start(spec);
    const { Config, HostConfig, Name } = await docker.getContainer(bot.id).inspect();
    expect(Name).toBe(`/${spec.name}`);
    expect(Config.Labels).toMatchObject({ 'vexa.meeting_id': '7', 'vexa.owner': 'limits' });
    expect(HostConfig).toMatchObject({
      Memory: limits.memoryMb * 2 ** 20,
      NanoCpus: 1e9,
      PidsLimit: 64,
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
    });
    const inside = (command: string) => exitCodeOf(bot.id, command);
    expect(await inside('touch /app/x')).not.toBe(0);
    expect(await inside('touch /tmp/x')).toBe(0);
    expect(await inside('test "$(id -u)" = 1000')).toBe(0);
    expect(await inside('grep -q "^CapEff:.0000000000000000$" /proc/self/status')).toBe(0);
    expect(await inside('grep -q "^NoNewPrivs:.1$" /proc/self/status')).toBe(0);
    await runner.stop(bot.id, { graceMs: 0 });
  });

  it('is removed after its log was kept for a while', async () => {
    await using runner = create('removal', { keepEndedMs: 0 });
    const bot = await runner.start(specOf('good'));
    await runner.stop(bot.id, { graceMs: 0 });
    await waitFor(
      'its removal',
      async () => {
        await runner.list();
        return (await docker.listContainers({ all: true, filters: { id: [bot.id] } })).length === 0;
      },
      { deadlineMs: 30_000 },
    );
  });

  it('is not left behind by a shutdown that ended it', async () => {
    const runner = create('shutdown');
    const bot = await runner.start(specOf('good'));
    await runner.stop(bot.id, { graceMs: 5_000 });
    await runner[Symbol.asyncDispose]();
    expect(await docker.listContainers({ all: true, filters: { id: [bot.id] } })).toEqual([]);
  });

  it('reads and writes the folders it is lent, and nothing else', async () => {
    const [profile, diagnosis] = [`vexa-test-profile-${process.pid}`, `vexa-test-diagnosis-${process.pid}`];
    await using runner = create('folders', { folders: { profile, diagnosis } });
    const bot = await runner.start(specOf('good'));
    try {
      const { Config, Mounts } = await docker.getContainer(bot.id).inspect();
      expect(Config.Env).toContain('BOT_PROFILE_DIR=/var/lib/vexa/profile');
      expect(Mounts.map(({ Destination, RW }) => [Destination, RW]).sort()).toEqual([
        ['/var/lib/vexa/diagnosis', true],
        ['/var/lib/vexa/profile', true],
      ]);
      expect(await exitCodeOf(bot.id, 'touch /var/lib/vexa/profile/x /var/lib/vexa/diagnosis/x')).toBe(0);
      expect(await exitCodeOf(bot.id, 'touch /var/lib/vexa/x')).not.toBe(0);
      const missing = create('folders', { folders: { profile: '/a/folder/that/is/not/there' } });
      await expect(missing.start(specOf('good'))).rejects.toThrow(/not.there/);
      await missing[Symbol.asyncDispose]();
    } finally {
      await runner.stop(bot.id, { graceMs: 0 });
      await docker.getContainer(bot.id).remove({ force: true });
      for (const volume of [profile, diagnosis]) await docker.getVolume(volume).remove();
    }
  });

  it('is not left behind when it cannot be started', async () => {
    await using runner = create('failure', { network: 'a-network-that-is-not-there' });
    const spec = specOf('good');
    await expect(runner.start(spec)).rejects.toThrow(/a-network-that-is-not-there/);
    expect(await docker.listContainers({ all: true, filters: { name: [spec.name] } })).toEqual([]);
  });

  it('tells which image is missing, and what to do', async () => {
    await using runner = create('no-image', { image: 'vexa-bot:never-built' });
    await expect(runner.start(specOf('good'))).rejects.toThrow(/no image vexa-bot:never-built: build or pull it/);
  });

  it('is heard of by a runner that did not start it', async () => {
    await using runner = create('adopted');
    await using other = create('adopted');
    const heard: string[] = [];
    using _ = other.onExit(({ name }) => heard.push(name));
    const bot = await runner.start(specOf('good'));
    await runner.stop(bot.id, { graceMs: 0 });
    await waitFor('the news', () => heard.includes(bot.name), { deadlineMs: 30_000 });
  });
});

describeManager(containers);

describeEndings(containers);
