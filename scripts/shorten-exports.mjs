// Node 24 parses `exports` of a package again for each of its files that is imported. The 447 entries of drizzle-orm
// cost every process over half a second and 130 MB; left are those that we and drizzle-kit import for Postgres.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const manifest = new URL('../node_modules/drizzle-orm/package.json', import.meta.url);
const imported = /^\.(\/(casing|relations|version|[a-z]+-core|postgres-js(\/migrator)?))?$/;

if (existsSync(manifest)) {
  const { exports: all, ...more } = JSON.parse(readFileSync(manifest, 'utf8'));
  const kept = Object.entries(all).filter(([path]) => imported.test(path));
  // A new file in its place: the old one may be read at this moment, or linked to from other checkouts.
  const shorter = new URL('package.json.new', manifest);
  writeFileSync(shorter, `${JSON.stringify({ ...more, exports: Object.fromEntries(kept) }, null, 2)}\n`);
  renameSync(shorter, manifest);
}
