import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** What needs nginx, and the time of three Whisper processes: `npm run test:balancer` and `npm run test:rolling`. */
const config = mergeConfig(base, {});
config.test.projects = [{ extends: true, test: { include: ['test/**/*.balancer.ts'] } }];
export default config;
