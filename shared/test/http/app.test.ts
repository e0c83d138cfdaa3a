import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createLogger } from '../../src/logging.ts';
import { noteUser, requestFields, traceHeaders } from '../../src/request-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const silent = createLogger('test', 'silent');

test('every line logged for a request names the request, its trace and its user', async () => {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(line, _, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  const logger = pino({ mixin: requestFields }, sink);
  const app = createApp(logger);
  app.get('/things/:id', async (c) => {
    noteUser(7);
    await Promise.resolve();
    logger.info('inside');
    return c.json(traceHeaders());
  });
  const response = await app.request('/things/vxa_secret', {
    headers: { 'x-request-id': 'r-1', traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'a=b' },
  });
  expect(await response.json()).toEqual({
    'x-request-id': 'r-1',
    traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`)),
    tracestate: 'a=b',
  });
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatchObject({ request_id: 'r-1', trace_id: traceId, user_id: 7 });
  expect(JSON.stringify(lines)).not.toContain('vxa_secret');
});

test('a request that brings no ids gets some, and one that brings bad ones gets better', async () => {
  const app = createApp(silent);
  app.get('/', (c) => c.json(traceHeaders()));
  for (const headers of [{}, { 'x-request-id': 'a\tb', traceparent: 'rubbish', tracestate: 'a=b' }]) {
    const response = await app.request('/', { headers });
    const sent = await response.json();
    expect(sent).toEqual({
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
    });
    expect(response.headers.get('x-request-id')).toBe(sent['x-request-id']);
  }
  expect(traceHeaders()).toEqual({});
});

test('requests are counted by pattern, so that no id becomes a label', async () => {
  const app = createApp(silent, { metrics: createMetrics('test') });
  app.get('/things/:id', (c) => (c.req.param('id') === '3' ? c.json({}) : c.json({}, 201)));
  for (const path of ['/things/1', '/things/2', '/things/3', '/nowhere/4']) await app.request(path);
  const metrics = await (await app.request('/metrics')).text();
  const count = 'vexa_http_request_duration_seconds_count';
  expect(metrics).toContain(`${count}{service="test",method="GET",route="/things/:id",status="201"} 2`);
  expect(metrics).toContain(`${count}{service="test",method="GET",route="/things/:id",status="200"} 1`);
  expect(metrics).toMatch(/_count\{service="test",method="GET",route="\*",status="404"\} 1/);
  expect(metrics).toContain('process_cpu_seconds_total');
});

test('metrics are told to whoever has the token, when there is one', async () => {
  const app = createApp(silent, { metrics: createMetrics('test'), metricsToken: 'metrics-token-0123' });
  for (const headers of [{}, { authorization: 'Bearer other' }]) {
    const refused = await app.request('/metrics', { headers });
    expect([refused.status, (await refused.json()).code]).toEqual([401, 'unauthorized']);
  }
  const headers = { authorization: 'Bearer metrics-token-0123' };
  expect((await app.request('/metrics', { headers })).status).toBe(200);
});
