import { fileURLToPath } from 'node:url';
import { migrateDatabase } from '@vexa/shared/db/migrate';

/** Brings the retailer's database to the newest version. */
export const migrateRetailer = (databaseUrl: string): Promise<void> =>
  migrateDatabase(databaseUrl, fileURLToPath(new URL('../../migrations', import.meta.url)));
