import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallbackReporter } from '../src/callbacks/callback-reporter.ts';
import { type ManagerServer, startManagerServer } from './support/manager-server.ts';

let manager: ManagerServer;
beforeEach(async () => {
  manager = await startManagerServer();
});
afterEach(() => manager[Symbol.asyncDispose]());

function open(heartbeatMs = 60_000, finalDeadlineMs = 10_000) {
  const calls = { leave: 0, disowned: 0 };
  const reporter = new CallbackReporter({
    url: manager.url,
    token: 'the-token',
    connectionId: 'c-1',
    containerId: undefined,
    heartbeatMs,
    finalDeadlineMs,
    logger: createLogger('test', 'silent'),
    heartbeat: () => ({ audio_seconds_heard: 1.5 }),
    onLeave: () => {
      calls.leave += 1;
    },
    onDisowned: () => {
      calls.disowned += 1;
    },
  });
  return Object.assign(reporter, { calls });
}

const accept = { status: 200, body: { status: 'processed' as const } };

test('reports arrive in order, however often the manager fails, and as the bot they are of', async () => {
  let failures = 3;
  manager.answer = () => (failures-- > 0 ? { status: 503 } : accept);
  const reporter = open();
  reporter.report({ status: 'joining' });
  reporter.report({ status: 'active' });
  await reporter.finish({ status: 'completed', completion_reason: 'stopped', exit_code: 0 });
  expect(manager.callbacks.map(({ status }) => status)).toEqual(['joining', 'active', 'completed']);
  expect(manager.callbacks.every(({ connection_id }) => connection_id === 'c-1')).toBe(true);
  expect([...manager.authorizations]).toEqual(['Bearer the-token']);
});

test('a heartbeat tells what was heard, and its answer may be to leave', async () => {
  manager.answer = () => ({ status: 200, body: { status: 'ignored', command: 'leave' } });
  const reporter = open(50);
  await waitFor('the command', () => reporter.calls.leave > 0);
  reporter.stop();
  expect(manager.callbacks[0]).toMatchObject({ status: 'heartbeat', audio_seconds_heard: 1.5 });
});

test('a report that the manager calls wrong is not repeated, and one of an unknown run ends the visit', async () => {
  let answers = 0;
  manager.answer = ({ status }) => {
    answers += 1;
    return status === 'joining' ? { status: 422 } : { status: 404 };
  };
  const reporter = open();
  reporter.report({ status: 'joining' });
  reporter.report({ status: 'active' });
  await waitFor('the bad news', () => reporter.calls.disowned === 1);
  reporter.stop();
  expect(answers).toBe(2);
});

test('a manager that never comes back is given up at the deadline', async () => {
  manager.answer = () => ({ status: 500 });
  const reporter = open(60_000, 300);
  await reporter.finish({ status: 'completed' });
  expect(manager.callbacks).toEqual([]);
});
