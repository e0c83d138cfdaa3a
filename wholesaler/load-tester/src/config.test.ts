import { expect, it } from 'vitest';
import { configFrom } from './config.ts';

const env = { SESSION_TOKEN_SECRET: 'a-secret-of-the-tests' };

it('takes what it is told, and the shipped voices otherwise', () => {
  const config = configFrom(['--url', 'ws://balancer', '--speakers', '3,6', '--json'], env);
  expect(config).toMatchObject({ url: 'ws://balancer', speakers: [3, 6], json: true, promises: { first: 2 } });
  expect(config.voicesDir).toMatch(/testing\/voices$/);
  expect(() => configFrom(['--url', 'http://balancer'], {})).toThrow(/LOAD_URL[\s\S]*SESSION_TOKEN_SECRET/);
});
