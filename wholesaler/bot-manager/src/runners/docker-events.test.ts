import { expect, it } from 'vitest';
import { exitOf } from './docker-events.ts';

const die = (exitCode: string) =>
  JSON.stringify({ status: 'die', Actor: { ID: 'x', Attributes: { name: 'vexa-bot-1-0000000a', exitCode } } });

it('reads which bot ended, and how', () => {
  expect(exitOf(die('0'))).toEqual({ name: 'vexa-bot-1-0000000a', exitCode: 0 });
  expect(exitOf(die('2'))).toEqual({ name: 'vexa-bot-1-0000000a', exitCode: 2 });
  expect(exitOf(die('137'))).toEqual({ name: 'vexa-bot-1-0000000a', exitCode: null });
  expect(exitOf('{"status":"other"}')).toBeUndefined();
});
