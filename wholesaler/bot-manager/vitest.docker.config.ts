import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** The tests that need a Docker daemon: `make test-docker`. */
const config = mergeConfig(base, {});
config.test.projects = [{ extends: true, test: { include: ['test/**/*.docker.ts'] } }];
export default config;
