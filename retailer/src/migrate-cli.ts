import { databaseUrl, parseEnv } from '@vexa/shared/config';
import { z } from 'zod';
import { migrateRetailer } from './db/migrate.ts';

const { DATABASE_URL } = parseEnv(z.object({ DATABASE_URL: databaseUrl }), process.env);
await migrateRetailer(DATABASE_URL);
console.log('The retailer database is up to date.');
