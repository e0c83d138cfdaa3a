import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** A service's figures for Prometheus. Give it to `createApp`, and put the service's own figures into `registry`. */
export interface Metrics {
  readonly registry: Registry;
  /** Times every request by method, route pattern and status. */
  readonly measure: MiddlewareHandler;
}

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * `vexa_http_request_duration_seconds{method,route,status}`, `vexa_http_requests_in_flight` and the process's own
 * figures (CPU, memory, event loop), all with the label `service`. Labels are patterns, never ids, so their number is bounded.
 */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'vexa_http_request_duration_seconds',
    help: 'Time from a request to the headers of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: secondsBuckets,
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'vexa_http_requests_in_flight',
    help: 'Requests that have no answer yet.',
    registers: [registry],
  });
  return {
    registry,
    measure: async (c, next) => {
      const startedAt = performance.now();
      inFlight.inc();
      try {
        await next();
      } finally {
        inFlight.dec();
        const labels = { method: c.req.method, route: patternOf(c), status: String(c.res.status) };
        duration.observe(labels, (performance.now() - startedAt) / 1_000);
      }
    },
  };
}

/** A gauge without labels that is read whenever somebody asks for the metrics. */
export function watchGauge(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await read());
    },
  });
}

/** The route that answered: the last one that matched and is no middleware; `*` when none was there. */
const patternOf = (c: Context): string => matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'))?.path ?? '*';
