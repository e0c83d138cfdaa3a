import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '@vexa/shared/config';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { SegmentFilter } from './segment-filter.ts';

const complainEveryMs = 60_000;

/**
 * Loads an operator's filter: a module whose default export is a `SegmentFilter`. One that throws about a segment keeps
 * it, because words that are kept in error can still be deleted. Throws `ConfigError` when there is no such module.
 */
export async function loadCustomFilter(path: string, logger: Logger): Promise<SegmentFilter> {
  const filter = await importDefault(path);
  let quietUntil = 0;
  return (segment) => {
    try {
      return filter(segment) !== false;
    } catch (error) {
      if (performance.now() >= quietUntil) {
        quietUntil = performance.now() + complainEveryMs;
        // Its message may quote what somebody said.
        const { name } = error instanceof Error ? error : { name: 'unknown' };
        logger.error({ error: name }, 'FILTER_MODULE throws; the segments it throws about are kept');
      }
      return true;
    }
  };
}

async function importDefault(path: string): Promise<(segment: Parameters<SegmentFilter>[0]) => unknown> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new ConfigError(`FILTER_MODULE: cannot load ${path}: ${errorFields(error).err.message}`);
  }
  const filter = module.default;
  if (typeof filter !== 'function')
    throw new ConfigError(`FILTER_MODULE: ${path} has no function as its default export`);
  return (segment) => filter(segment);
}
