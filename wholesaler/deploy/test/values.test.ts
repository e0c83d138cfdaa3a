import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type Chart, chartNames, charts, render } from './render.ts';

const complaintOf = async (chart: Chart, values: Record<string, unknown>, bare = false): Promise<string> => {
  const failure = await render(chart, { values, bare }).then(
    () => new Error('it renders'),
    (error: Error) => error,
  );
  return failure.message;
};

describe('values that cannot be meant are refused by name', () => {
  test.each([
    ['vexa', { 'apiGateway.replica': 3 }, /apiGateway.*replica/],
    ['vexa', { 'apiGateway.replicas': 0 }, /apiGateway.replicas/],
    ['vexa', { 'whisperlive.modelStorage.kind': 'disk' }, /whisperlive.modelStorage.kind/],
    ['vexa', { 'whisperlive.drainSeconds': '30s' }, /whisperlive.drainSeconds/],
    ['vexa', { 'bots.namespace': 'Vexa Bots' }, /bots.namespace/],
    ['vexa', { 'bots.memoryMb': '1Gi' }, /bots.memoryMb/],
    ['vexa', { 'bots.folders.accessMode': 'ReadOnlyMany' }, /bots.folders.accessMode/],
    ['vexa', { 'botManager.env': { 'max-bots': 4 } }, /botManager.env/],
    ['vexa', { 'meetingRoom.replicas': 2 }, /meetingRoom.replicas/],
    ['vexa', { 'postgres.size': '20 GB' }, /postgres.size/],
    ['vexa', { 'networkPolicy.apiServer.cidrs': [] }, /networkPolicy.apiServer.cidrs/],
    ['vexa', { 'networkPolicy.botsAlsoReach': ['10.0.0.1'] }, /networkPolicy.botsAlsoReach/],
    ['vexa', { 'ingress.controller': 'traefik' }, /ingress.controller/],
    ['vexa', { gateway: {} }, /gateway/],
    ['vexa-retailer', { wholesalerUrl: 'vexa:8000' }, /wholesalerUrl/],
    ['vexa-retailer', { 'retailer.resources': { request: {} } }, /retailer.resources.*request/],
  ] as const)('%s: %j', async (chart, values, message) => {
    // Helm writes the path with slashes.
    expect((await complaintOf(chart, values)).replaceAll('/', '.')).toMatch(message);
  });
});

describe('no secret is ever made up', () => {
  test.each(chartNames)('%s tells what to make when it is given none', async (chart) => {
    const complaint = await complaintOf(chart, { wholesalerUrl: 'http://gateway:8000' }, true).catch(String);
    const other = chart === 'vexa' ? await complaintOf(chart, {}, true) : complaint;
    for (const word of ['existingSecret is not set', 'kubectl create secret generic', 'POSTGRES_PASSWORD=$(openssl']) {
      expect(other).toContain(word);
    }
  });

  test('and names what is needed for stores of other places', async () => {
    const complaint = await complaintOf('vexa', { 'postgres.enabled': false, 'redis.enabled': false }, true);
    expect(complaint).toContain('--from-literal=DATABASE_URL=postgres://');
    expect(complaint).toContain('--from-literal=REDIS_URL=redis://');
    expect(complaint).not.toContain('POSTGRES_PASSWORD');
  });

  test('the retailer asks for the wholesaler', async () => {
    expect(await complaintOf('vexa-retailer', { existingSecret: 's' }, true)).toContain('wholesalerUrl is not set');
  });
});

interface Schema {
  $ref?: string;
  description?: string;
  properties?: Record<string, Schema>;
}

test.each(chartNames)('%s: every value is described', async (chart) => {
  const schema: Schema & { properties: Record<string, Schema>; definitions: Record<string, Schema> } = JSON.parse(
    await readFile(`${charts[chart].path}/values.schema.json`, 'utf8'),
  );
  const undescribed = (node: Schema, path: string): string[] => {
    const children = Object.entries(node.properties ?? {});
    const own = node.$ref || node.description || children.length > 0 ? [] : [path];
    return [...own, ...children.flatMap(([name, child]) => undescribed(child, `${path}.${name}`))];
  };
  // What helm itself puts beside the values of a chart that has a library.
  for (const name of ['global', 'vexa-common']) delete schema.properties[name];
  expect(
    Object.entries({ values: schema, ...schema.definitions }).flatMap(([name, node]) => undescribed(node, name)),
  ).toEqual([]);
});
