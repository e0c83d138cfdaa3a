import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { composeServices, root, variablesOf } from './compose.ts';

const files = { wholesaler: 'docker-compose.wholesaler.yml', retailer: 'docker-compose.retailer.yml' };
const combinations = [
  ...['cpu', 'gpu'].flatMap((processor) => ['traefik', 'nginx'].map((balancer) => [processor, balancer])),
  ['cpu', 'nginx', 'images', 'load-tester', 'participant'],
];
const text = (path: string) => readFileSync(new URL(path, root), 'utf8');

it.each(combinations)('the wholesaler is whole with the profiles %s, %s', (...profiles) => {
  const { services, networks, volumes } = composeServices('wholesaler', profiles);
  const ports = Object.values(services).flatMap((service) =>
    (service.ports ?? []).map((port) => port.split(':').at(-2)),
  );
  expect(new Set(ports).size).toBe(ports.length);
  const aliases = Object.values(services).flatMap(({ networks: joined }) =>
    Array.isArray(joined) ? [] : Object.values(joined ?? {}).flatMap((network) => network?.aliases ?? []),
  );
  for (const [name, service] of Object.entries(services)) {
    for (const needed of Object.keys(service.depends_on ?? {}))
      expect(services[needed], `${name} needs ${needed}`).toBeDefined();
    const joined = Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {});
    for (const network of joined) expect(networks, name).toHaveProperty(network);
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (/^[./]/.test(source)) expect(source.startsWith('/') || existsSync(new URL(source, root)), volume).toBe(true);
      else expect(volumes, name).toHaveProperty(source);
    }
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      const host = /^(?:https?|wss?|redis|postgres):\/\/(?:[^@/]*@)?([\w.-]+)/
        .exec(value)?.[1]
        ?.replace('.localhost', '');
      const known = host === undefined || host in services || aliases.includes(host);
      expect(known, `${name}: ${variable} is ${value}`).toBe(true);
    }
  }
});

const ours = Object.entries(files).flatMap(([product]) =>
  Object.entries(composeServices(product, ['cpu', 'gpu', 'traefik', 'images', 'load-tester', 'participant']).services)
    .filter(([, service]) => service.image.startsWith('vexa-'))
    .map(([name, service]) => ({ name, service })),
);

it.each(ours)('$name has no rights it does not need', ({ service }) => {
  if (service.network_mode === 'none') return; // is never run by compose
  expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
});

const running = ours.filter(({ name }) => !['vexa-bot', 'participant', 'load-tester'].includes(name));

it.each(running)('$name understands the environment it is given', async ({ name, service }) => {
  const folder = service.build?.args?.SERVICE;
  const { configFromEnv } = await import(new URL(`${folder}/src/config.ts`, root).href);
  expect(() => configFromEnv(service.environment), name).not.toThrow();
});

it('every image is pinned', () => {
  const all = [
    ...ours,
    ...Object.entries(composeServices('wholesaler', ['traefik', 'nginx']).services).map(([name, service]) => ({
      name,
      service,
    })),
  ];
  for (const { name, service } of all) expect(service.image, name).toMatch(/^[\w-]+:(local|v?\d[\w.-]*)$/);
});

it.each(Object.entries(files))(
  'every variable of the compose file of the %s is in its example, and used',
  (product, file) => {
    const used = variablesOf(text(file));
    const told = [...text(`env-example.${product}`).matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
    expect([...used].filter((name) => !told.includes(name))).toEqual([]);
    // The retailer reads its whole file itself.
    if (product === 'wholesaler')
      expect(told.filter((name) => !used.has(name ?? '') && name !== 'COMPOSE_PROFILES')).toEqual([]);
  },
);
