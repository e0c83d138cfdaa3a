import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort } from '@vexa/shared/local/free-port';
import type { ServiceDefinition } from './service-process.ts';

const entry = (path: string) => fileURLToPath(new URL(`../../../${path}/src/main.ts`, import.meta.url));
const randomSecret = () => randomBytes(32).toString('hex');

/** Where everything listens and the secrets the processes share; made anew for each stack. */
export interface Wiring {
  ports: Record<PortName, number>;
  secrets: {
    internalToken: string;
    sessionToken: string;
    wholesalerAdmin: string;
    retailerAdmin: string;
    webhook: string;
  };
}

const portNames = [
  'gateway',
  'adminApi',
  'botManager',
  'collector',
  'audio',
  'audioHealth',
  'room',
  'retailer',
  'retailerAdmin',
] as const;
type PortName = (typeof portNames)[number];

export async function createWiring(): Promise<Wiring> {
  const ports = {} as Record<PortName, number>;
  for (const name of portNames) ports[name] = await freePort();
  return {
    ports,
    secrets: {
      internalToken: randomSecret(),
      sessionToken: randomSecret(),
      wholesalerAdmin: randomSecret(),
      retailerAdmin: randomSecret(),
      webhook: randomSecret(),
    },
  };
}

export interface Urls {
  gateway: string;
  room: string;
  retailer: string;
  retailerAdmin: string;
  audio: string;
}

const http = (port: number) => `http://127.0.0.1:${port}`;

export const urlsOf = ({ ports }: Wiring): Urls => ({
  gateway: http(ports.gateway),
  room: http(ports.room),
  retailer: http(ports.retailer),
  retailerAdmin: http(ports.retailerAdmin),
  audio: `ws://127.0.0.1:${ports.audio}`,
});

interface Stores {
  wholesalerDatabaseUrl: string;
  retailerDatabaseUrl: string;
  redisUrl: string;
}

/** Every wholesaler process with its whole environment. */
export function wholesalerServices(
  { ports, secrets }: Wiring,
  stores: Stores,
  extraEnv: Record<string, Record<string, string>> = {},
): ServiceDefinition[] {
  const base = { HOST: '127.0.0.1', LOG_LEVEL: 'info' };
  const stored = { ...base, DATABASE_URL: stores.wholesalerDatabaseUrl, REDIS_URL: stores.redisUrl };
  const internal = { INTERNAL_TOKEN_SECRET: secrets.internalToken };
  const session = { SESSION_TOKEN_SECRET: secrets.sessionToken };
  const service = (name: string, port: number, env: Record<string, string>, folder = `wholesaler/${name}`) => ({
    name,
    entry: entry(folder),
    env: { ...env, PORT: String(port), ...extraEnv[name] },
    readyUrl: `${http(port)}/health/ready`,
  });
  const whisperlive = service('whisperlive', ports.audio, {
    ...base,
    ...session,
    REDIS_URL: stores.redisUrl,
    HEALTH_PORT: String(ports.audioHealth),
  });
  return [
    { ...whisperlive, readyUrl: `${http(ports.audioHealth)}/health/ready` },
    service('meeting-room', ports.room, { ...base, PUBLIC_URL: http(ports.room) }),
    service('admin-api', ports.adminApi, { ...stored, ...internal, ADMIN_API_TOKEN: secrets.wholesalerAdmin }),
    service('transcription-collector', ports.collector, {
      ...stored,
      ...internal,
      ...session,
      BOT_MANAGER_URL: http(ports.botManager),
      PUBLIC_API_URL: http(ports.gateway),
    }),
    service('bot-manager', ports.botManager, {
      ...stored,
      ...internal,
      ...session,
      ADMIN_API_TOKEN: secrets.wholesalerAdmin,
      TRANSCRIPTION_COLLECTOR_URL: http(ports.collector),
      WHISPERLIVE_URL: `ws://127.0.0.1:${ports.audio}`,
      WHISPERLIVE_API_URL: http(ports.audioHealth),
      MEETING_ROOM_URL: http(ports.room),
      RUNNER: 'process',
      PUBLIC_CALLBACK_URL: http(ports.botManager),
      STOP_BOTS_ON_SHUTDOWN: 'true',
      WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    }),
    service('api-gateway', ports.gateway, {
      ...base,
      ...internal,
      REDIS_URL: stores.redisUrl,
      ADMIN_API_URL: http(ports.adminApi),
      BOT_MANAGER_URL: http(ports.botManager),
      TRANSCRIPTION_COLLECTOR_URL: http(ports.collector),
    }),
  ];
}

/** The retailer, which knows the wholesaler by its public address and one system key. */
export const retailerService = (
  { ports, secrets }: Wiring,
  stores: Stores,
  systemKey: string,
  extraEnv: Record<string, Record<string, string>> = {},
): ServiceDefinition => ({
  name: 'retailer',
  entry: entry('retailer'),
  env: {
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    PORT: String(ports.retailer),
    ADMIN_PORT: String(ports.retailerAdmin),
    PUBLIC_URL: http(ports.retailer),
    DATABASE_URL: stores.retailerDatabaseUrl,
    ADMIN_API_TOKEN: secrets.retailerAdmin,
    VEXA_INFRA_API_URL: http(ports.gateway),
    VEXA_INFRA_API_KEY: systemKey,
    SERVICE_LAYER_ID: 'retailer-1',
    WHOLESALER_WEBHOOK_SECRET: secrets.webhook,
    WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    ...extraEnv.retailer,
  },
  readyUrl: `${http(ports.retailer)}/health/ready`,
});

/** The stack listens on this machine alone, so its containers share the machine's network. */
export function botsInDocker(daemon: string | undefined): Record<string, string> {
  const image = { BOT_IMAGE: 'vexa-bot:local', BOT_IMAGE_PULL: 'never' };
  return { RUNNER: 'docker', DOCKER_NETWORK: 'host', ...image, ...(daemon && { DOCKER_HOST: daemon }) };
}
