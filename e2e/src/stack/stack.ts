import { migrateRetailer } from '@vexa/retailer/db/migrate';
import { type LocalPostgres, startPostgres, uniqueDatabaseName } from '@vexa/shared/local/postgres';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import postgres from 'postgres';
import { AdminClient } from './admin-client.ts';
import { requirePrerequisites } from './prerequisites.ts';
import { type LogLine, ServiceProcess } from './service-process.ts';
import { createWiring, retailerService, type Urls, urlsOf, wholesalerServices } from './wiring.ts';

export interface StackOptions {
  /** Servers to use instead of starting our own; databases are created in it. */
  databaseUrl?: string | undefined;
  redisUrl?: string | undefined;
  onLine?: LogLine;
  /** Called once when a service ends that nobody asked to end. */
  onDeath?: (service: string, code: number | null) => void;
  onProgress?: (step: string) => void;
  /** Environment variables added to one service, by its name. */
  extraEnv?: Record<string, Record<string, string>>;
}

export interface Stack extends AsyncDisposable {
  readonly urls: Urls;
  readonly wholesalerDatabaseUrl: string;
  readonly retailerDatabaseUrl: string;
  readonly redisUrl: string;
  readonly wholesalerAdmin: AdminClient;
  readonly retailerAdmin: AdminClient;
  readonly systemKey: string;
  /** Signs the tokens with which audio comes in. */
  readonly sessionTokenSecret: string;
  service(name: string): ServiceProcess;
  /** Present when this stack started them itself. */
  readonly postgres: LocalPostgres | undefined;
  readonly redis: LocalRedis | undefined;
}

/** Starts Postgres, Redis and every process of both products on free ports, with all data in temporary folders. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { onLine = () => {}, onDeath = () => {}, onProgress = () => {}, extraEnv = {} } = options;
  await requirePrerequisites({ ...process.env, REDIS_URL: options.redisUrl });
  await using cleanup = new AsyncDisposableStack();
  onProgress('Postgres and Redis');
  const localPostgres = options.databaseUrl ? undefined : cleanup.use(await startPostgres());
  const redis = options.redisUrl ? undefined : cleanup.use(await startRedis());
  const stores = {
    wholesalerDatabaseUrl: await createDatabase(localPostgres, options.databaseUrl, 'vexa_wholesaler'),
    retailerDatabaseUrl: await createDatabase(localPostgres, options.databaseUrl, 'vexa_retailer'),
    redisUrl: options.redisUrl ?? redis?.url ?? '',
  };
  await Promise.all([migrateWholesaler(stores.wholesalerDatabaseUrl), migrateRetailer(stores.retailerDatabaseUrl)]);

  const wiring = await createWiring();
  const urls = urlsOf(wiring);
  const services = new Map<string, ServiceProcess>();
  const launch = async (definition: ConstructorParameters<typeof ServiceProcess>[0]) => {
    onProgress(definition.name);
    const service = cleanup.use(new ServiceProcess(definition, onLine, onDeath));
    services.set(definition.name, service);
    await service.start();
  };
  await Promise.all(wholesalerServices(wiring, stores, extraEnv).map(launch));
  const wholesalerAdmin = new AdminClient(urls.gateway, wiring.secrets.wholesalerAdmin);
  const system = await wholesalerAdmin.createUser('system@retailer-1.example', 20);
  await launch(retailerService(wiring, stores, system.key, extraEnv));
  const retailerAdmin = new AdminClient(urls.retailerAdmin, wiring.secrets.retailerAdmin);

  const owned = cleanup.move();
  return {
    urls,
    ...stores,
    wholesalerAdmin,
    retailerAdmin,
    systemKey: system.key,
    sessionTokenSecret: wiring.secrets.sessionToken,
    postgres: localPostgres,
    redis,
    service: (name) => {
      const found = services.get(name);
      if (!found) throw new Error(`No service ${name}; there are ${[...services.keys()].join(', ')}`);
      return found;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function createDatabase(
  local: LocalPostgres | undefined,
  url: string | undefined,
  name: string,
): Promise<string> {
  if (local) return local.createDatabase(name);
  if (!url) throw new Error('Neither a local Postgres nor DATABASE_URL');
  const unique = uniqueDatabaseName(name);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`create database ${sql(unique)}`;
  await sql.end();
  const made = new URL(url);
  made.pathname = `/${unique}`;
  return made.href;
}
