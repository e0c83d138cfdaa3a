import { fileURLToPath } from 'node:url';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authenticateKey } from '../src/accounts/authenticate-key.ts';
import { createUser } from '../src/accounts/create-user.ts';
import { issueToken } from '../src/accounts/issue-token.ts';
import { revokeToken } from '../src/accounts/revoke-token.ts';
import { updateUser } from '../src/accounts/update-user.ts';
import { connectDb, type DbConnection } from '../src/db/client.ts';
import { migrateDatabase } from '../src/db/migrate.ts';
import { apiTokens } from '../src/db/tables/accounts.ts';
import { type LocalPostgres, startPostgres } from '../src/local/postgres.ts';

const migrations = fileURLToPath(new URL('../../wholesaler/database/migrations', import.meta.url));
let postgres: LocalPostgres;
let connection: DbConnection;

beforeAll(async () => {
  postgres = await startPostgres();
  const url = await postgres.createDatabase('accounts');
  await migrateDatabase(url, migrations);
  connection = connectDb(url);
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

let people = 0;
const newUser = async () => (await createUser(connection.db, { email: `person${++people}@example.com` })).user;
const tokenRow = async (id: number) => (await connection.db.select().from(apiTokens).where(eq(apiTokens.id, id)))[0]!;

test('an email belongs to one user, in whatever case of letters', async () => {
  const { db } = connection;
  const first = await createUser(db, { email: 'Ann@Example.com', name: 'Ann' });
  const again = await createUser(db, { email: 'ann@example.COM', name: 'Other' });
  expect(first.created).toBe(true);
  expect(again).toEqual({ created: false, user: first.user });
});

test('many who create the same user at once get the same one', async () => {
  const made = await Promise.all(
    Array.from({ length: 20 }, () => createUser(connection.db, { email: 'race@example.com' })),
  );
  expect(new Set(made.map(({ user }) => user.id)).size).toBe(1);
  expect(made.filter(({ created }) => created)).toHaveLength(1);
});

test('a key opens its user with its scopes, and only its hash is stored', async () => {
  const user = await newUser();
  const issued = await issueToken(connection.db, { userId: user.id, scopes: ['tx'], name: 'reader' });
  expect(issued.token).toMatch(/^vxa_[\w-]{43}$/);
  expect(issued.token.startsWith(issued.prefix)).toBe(true);
  expect(await authenticateKey(connection.db, issued.token)).toEqual({
    user_id: user.id,
    email: user.email,
    scopes: ['tx'],
    max_concurrent_bots: 1,
    plan: null,
  });
  expect(JSON.stringify(await tokenRow(issued.id))).not.toContain(issued.token);
});

test('a key without scopes given opens everything', async () => {
  const { token } = await issueToken(connection.db, { userId: (await newUser()).id });
  expect((await authenticateKey(connection.db, token))?.scopes).toEqual(['*']);
});

test('an unknown, expired or revoked key opens nothing', async () => {
  const { db } = connection;
  const { id: userId } = await newUser();
  const expiring = await issueToken(db, { userId, expiresInSeconds: 3600 });
  const revoked = await issueToken(db, { userId });
  expect(await authenticateKey(db, expiring.token)).toBeDefined();
  await db.update(apiTokens).set({ expires_at: sql`now() - interval '1 second'` }).where(eq(apiTokens.id, expiring.id));
  expect(await revokeToken(db, revoked.token)).toEqual({ userId });
  expect(await revokeToken(db, String(revoked.id))).toEqual({ userId });
  expect(await authenticateKey(db, expiring.token)).toBeUndefined();
  expect(await authenticateKey(db, revoked.token)).toBeUndefined();
  expect(await authenticateKey(db, 'vxa_nobody')).toBeUndefined();
});

test('the use of a key is noted at most once a minute', async () => {
  const { db } = connection;
  const { id, token } = await issueToken(db, { userId: (await newUser()).id });
  await authenticateKey(db, token);
  const noted = (await tokenRow(id)).last_used_at;
  expect(noted).not.toBeNull();
  await authenticateKey(db, token);
  expect((await tokenRow(id)).last_used_at).toEqual(noted);
  await db.update(apiTokens).set({ last_used_at: sql`now() - interval '2 minutes'` }).where(eq(apiTokens.id, id));
  await authenticateKey(db, token);
  expect((await tokenRow(id)).last_used_at!.getTime()).toBeGreaterThanOrEqual(noted!.getTime());
});

test('a key is known while somebody else holds its row', async () => {
  const { db } = connection;
  const { id, token } = await issueToken(db, { userId: (await newUser()).id });
  await db.transaction(async (tx) => {
    await tx.select().from(apiTokens).where(eq(apiTokens.id, id)).for('update');
    expect(await authenticateKey(db, token)).toBeDefined();
  });
});

test('an email is not given to two users by an update', async () => {
  const [one, two] = [await newUser(), await newUser()];
  await expect(updateUser(connection.db, two.id, { email: one.email.toUpperCase() })).rejects.toMatchObject({
    code: 'conflict',
  });
});

test('a key for nobody is refused', async () => {
  await expect(issueToken(connection.db, { userId: 2_000_000_000 })).rejects.toMatchObject({ code: 'not_found' });
});
