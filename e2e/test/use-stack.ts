import { afterAll, beforeAll } from 'vitest';
import { type Stack, type StackOptions, startStack } from '../src/stack/stack.ts';

/** Both products for all tests of a file; they are there once the tests run. */
export function useStack(options: StackOptions = {}): Stack {
  const stack = {} as Stack;
  beforeAll(async () => {
    Object.assign(stack, await startStack(options));
  }, 240_000);
  afterAll(() => stack[Symbol.asyncDispose]?.(), 60_000);
  return stack;
}
