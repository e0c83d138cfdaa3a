import { databaseUrl, parseEnv } from '@vexa/shared/config';
import { z } from 'zod';
import { migrateWholesaler } from './migrate.ts';

const { DATABASE_URL } = parseEnv(z.object({ DATABASE_URL: databaseUrl }), process.env);
await migrateWholesaler(DATABASE_URL);
console.log('The wholesaler database is up to date.');
