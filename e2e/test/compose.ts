import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const root = new URL('../../', import.meta.url);

/** As far as the tests look at it. */
export interface ComposeService {
  image: string;
  build?: { args?: Record<string, string> };
  profiles?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, unknown>;
  networks?: string[] | Record<string, { aliases?: string[] } | null>;
  network_mode?: string;
  volumes?: string[];
  ports?: string[];
}

export interface Compose {
  services: Record<string, ComposeService>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
}

/** A compose file with the values of its example and the services of these profiles, as Docker Compose would read it. */
export function composeServices(product: string, profiles: readonly string[]): Compose {
  const env = exampleOf(product);
  const read = parse(readFileSync(new URL(`docker-compose.${product}.yml`, root), 'utf8'), { merge: true });
  const { services, networks = {}, volumes = {} } = filledIn(read, env) as Compose;
  const active = Object.entries(services)
    .filter(([, service]) => service.profiles?.some((profile) => profiles.includes(profile)) ?? true)
    .map(([name, service]) => [
      name,
      { ...service, environment: { ...envFile(service, env), ...service.environment } },
    ]);
  return { services: Object.fromEntries(active), networks: { default: null, ...networks }, volumes };
}

/** Names of the variables that a compose file reads. */
export const variablesOf = (text: string): Set<string> =>
  new Set([...text.matchAll(/(?<!\$)\$\{([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name));

/** What the setup fills in is given a value of its length. */
function exampleOf(product: string): Record<string, string> {
  const text = readFileSync(new URL(`env-example.${product}`, root), 'utf8');
  const told = [...text.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value === 'changeme' ? 'f'.repeat(64) : value,
  ]);
  return { POSTGRES_PASSWORD: 'f'.repeat(64), ...Object.fromEntries(told) };
}

const envFile = (service: object, env: Record<string, string>) => ('env_file' in service ? env : {});

function filledIn(value: unknown, env: Record<string, string>): unknown {
  if (typeof value === 'string') return interpolate(value, env);
  if (Array.isArray(value)) return value.map((each) => filledIn(each, env));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filledIn(each, env)]));
}

/** `${NAME}`, `${NAME:-otherwise}` and `${NAME:?why}`, from the innermost outwards. */
function interpolate(text: string, env: Record<string, string>): string {
  const filled = text.replace(
    /(?<!\$)\$\{([A-Z][A-Z0-9_]*)(?::([-?])([^${}]*))?\}/,
    (_, name: string, operator: string | undefined, rest = '') => {
      if (env[name]) return env[name];
      if (operator === '?') throw new Error(`${name} ${rest}`);
      return operator === '-' ? rest : '';
    },
  );
  return filled === text ? text.replaceAll('$$', '$') : interpolate(filled, env);
}
