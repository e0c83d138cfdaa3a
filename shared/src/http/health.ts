import type { Context, Hono } from 'hono';

/** Named checks of what a service depends on; each rejects when its dependency is not usable. */
export type Checks = Record<string, () => Promise<unknown>>;

const checkTimeoutMs = 2_000;

/**
 * `GET /health` and `/health/live`: the process answers. `GET /health/ready`: 200, or 503 naming what is down. What is
 * only `watched` is told beside it: this process does without it. `told` is more that `/health` says of the process.
 */
// biome-ignore lint/suspicious/noExplicitAny: health needs nothing of an app's variables
export function mountHealth(app: Hono<any>, checks: Checks, watched: Checks = {}, told = () => ({})): void {
  app.get('/health', (c) => c.json({ status: 'ok', ...told() }));
  app.get('/health/live', (c) => c.json({ status: 'ok' }));
  app.get('/health/ready', readiness(checks, watched));
}

/** Answers 200, or 503 naming what is down. */
export const readiness =
  (checks: Checks, watched: Checks = {}) =>
  async (c: Context): Promise<Response> => {
    const [needed, others] = await Promise.all([probeAll(checks), probeAll(watched)]);
    const ready = needed.every(([, state]) => state === 'ok');
    const states = Object.fromEntries([...needed, ...others]);
    return c.json({ status: ready ? 'ok' : 'unavailable', checks: states }, ready ? 200 : 503);
  };

const probeAll = (checks: Checks): Promise<[name: string, state: string][]> =>
  Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await probe(check)]));

async function probe(check: () => Promise<unknown>): Promise<string> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error('timed out')), checkTimeoutMs);
  try {
    await Promise.race([check(), timeout.promise]);
    return 'ok';
  } catch {
    return 'unavailable'; // errors name hosts, and who asks may be anybody
  } finally {
    clearTimeout(timer);
  }
}

/** A check of another service: that its process answers. */
export const serviceCheck = (url: string) => async (): Promise<void> => {
  const { ok, status } = await fetch(new URL('/health/live', url), { signal: AbortSignal.timeout(checkTimeoutMs) });
  if (!ok) throw new Error(`answers ${status}`);
};
