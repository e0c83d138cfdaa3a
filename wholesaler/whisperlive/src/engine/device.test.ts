import { expect, test } from 'vitest';
import { configFromEnv } from '../config.ts';
import { explainDevice, precisionFor, sessionOptions } from './device.ts';

const env = { REDIS_URL: 'redis://localhost', SESSION_TOKEN_SECRET: 'a-long-enough-test-secret' };

test('a processor takes 8 bits unless told otherwise, a graphics card float16', () => {
  expect(precisionFor('cpu', undefined)).toBe('int8');
  expect(precisionFor('cpu', 'fp32')).toBe('fp32');
  expect(precisionFor('cuda', undefined)).toBe('fp16');
  expect(precisionFor('cuda', 'fp32')).toBe('fp32');
});

test('a precision that a device is bad at is refused with the reason and what to take', () => {
  expect(() => precisionFor('cpu', 'fp16')).toThrow(/fp16 is not for cpu: .*take int8 or fp32/);
  expect(() => precisionFor('cuda', 'int8')).toThrow(/int8 is not for cuda: .*take fp16 or fp32/);
});

test('device and precision are configured by variables, and one that does not fit is named', () => {
  expect(configFromEnv(env).engine).toMatchObject({ device: 'cpu', precision: undefined });
  const cuda = configFromEnv({ ...env, WHISPER_DEVICE: 'cuda', WHISPER_PRECISION: 'fp16' });
  expect(cuda.engine).toMatchObject({ device: 'cuda', precision: 'fp16' });
  expect(() => configFromEnv({ ...env, WHISPER_PRECISION: 'fp16' })).toThrow('WHISPER_PRECISION: fp16 is not for cpu');
  expect(() => configFromEnv({ ...env, WHISPER_DEVICE: 'gpu' })).toThrow('WHISPER_DEVICE');
});

test('CUDA comes before the processor, which takes what CUDA has no operator for', () => {
  expect(sessionOptions({ device: 'cuda', threads: 2 }).executionProviders).toEqual([
    { name: 'cuda', deviceId: 0 },
    'cpu',
  ]);
  expect(sessionOptions({ device: 'cpu', threads: 2 }).executionProviders).toEqual(['cpu']);
});

test('a failure to start CUDA says what must be installed', () => {
  const failure = new Error('Failed to load shared library');
  expect(explainDevice('cuda', failure)).toMatchObject({
    message: expect.stringMatching(/Failed to load shared library\. It needs .*CUDA 12.*npm rebuild onnxruntime-node/),
    cause: failure,
  });
  expect(explainDevice('cpu', failure)).toBe(failure);
});
