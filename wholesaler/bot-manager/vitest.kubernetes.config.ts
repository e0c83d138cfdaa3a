import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** The tests that need a Kubernetes API server: `npm run test:kubernetes`. */
const config = mergeConfig(base, {});
config.test.projects = [{ extends: true, test: { include: ['test/kubernetes/*.kubernetes.ts'] } }];
export default config;
