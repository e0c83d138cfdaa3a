import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** The test that needs nginx, and the time of three Whisper processes: `npm run test:balancer`. */
const config = mergeConfig(base, {});
config.test.include = ['test/**/*.balancer.ts'];
export default config;
