import { expect, it } from 'vitest';
import { configFrom } from './config.ts';

const env = { SESSION_TOKEN_SECRET: 'a-secret-of-the-tests' };

it('takes what it is told, and the shipped voices otherwise', () => {
  const config = configFrom(['--url', 'ws://balancer', '--speakers', '3,6', '--json'], env);
  const promises = { first: 2, final: 1.2 };
  expect(config).toMatchObject({ target: { url: 'ws://balancer' }, counts: [3, 6], json: true, promises });
  expect(config.voicesDir).toMatch(/testing\/voices$/);
  expect(() => configFrom(['--url', 'http://balancer'], {})).toThrow(/LOAD_URL[\s\S]*SESSION_TOKEN_SECRET/);
});

it('holds meetings with --stack, for which it needs a key alone', () => {
  const config = configFrom(['--stack', '--url', 'http://gateway/', '--meetings', '1,2'], { LOAD_API_KEY: 'vxa_key' });
  const target = { url: 'http://gateway', roomUrl: 'http://localhost:8090', key: 'vxa_key', people: 2 };
  expect(config).toMatchObject({ target, counts: [1, 2], promises: { first: 2, final: 2 } });
  expect(() => configFrom(['--stack'], env)).toThrow(/LOAD_API_KEY: is required/);
});
