import { Pool } from 'undici';

export interface Target {
  url: string;
  path: string;
  headers: Record<string, string>;
}

export interface Load {
  requests: number;
  failed: number;
  seconds: number;
  /** Milliseconds, sorted. */
  latencies: Float64Array;
}

/** At most this many requests at once; more than that and the target is too slow for the rate. */
const maxAtOnce = 512;

/**
 * Requests at a fixed rate, whether or not the target keeps up. A latency counts from when the request was due, so a
 * stall shows in every request it held back (no coordinated omission).
 */
export async function fixedRate(target: Target, ratePerSecond: number, seconds: number): Promise<Load> {
  await using client = connect(target, maxAtOnce);
  const total = Math.round(ratePerSecond * seconds);
  const latencies = new Float64Array(total);
  const underWay = new Set<Promise<void>>();
  let failed = 0;
  const startedAt = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * ratePerSecond));
    for (; sent < due; sent++) {
      const index = sent;
      const dueAt = startedAt + (index / ratePerSecond) * 1_000;
      const request = client.ask().then((ok) => {
        latencies[index] = performance.now() - dueAt;
        if (!ok) failed += 1;
      });
      underWay.add(request);
      void request.finally(() => underWay.delete(request));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(underWay);
  return { requests: total, failed, seconds: (performance.now() - startedAt) / 1_000, latencies: latencies.sort() };
}

/** As many requests as the target answers, each of `connections` sending the next one when the last is answered. */
export async function asFastAsPossible(target: Target, connections: number, seconds: number): Promise<Load> {
  await using client = connect(target, connections);
  const latencies: number[] = [];
  let failed = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let now = performance.now(); now < until; ) {
        if (!(await client.ask())) failed += 1;
        const after = performance.now();
        latencies.push(after - now);
        now = after;
      }
    }),
  );
  const elapsed = (performance.now() - startedAt) / 1_000;
  return { requests: latencies.length, failed, seconds: elapsed, latencies: Float64Array.from(latencies).sort() };
}

export const percentile = ({ latencies }: Load, share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;

function connect({ url, path, headers }: Target, connections: number) {
  const pool = new Pool(url, { connections });
  return {
    /** Whether the answer was 200, read to its end. */
    async ask(): Promise<boolean> {
      const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
      await body.dump({ limit: 64 * 1024 * 1024 });
      return statusCode === 200;
    },
    [Symbol.asyncDispose]: () => pool.close(),
  };
}
