import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

export interface Asset {
  body: string;
  contentType: string;
}

/** What the browser may load, by `folder/name`. */
export type Assets = ReadonlyMap<string, Asset>;

const contentTypes: Record<string, string> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
};

/** Reads the browser's files once; TypeScript becomes JavaScript by leaving its types out. */
export function loadAssets({ faces = false }: { faces?: boolean }): Assets {
  const assets = new Map<string, Asset>();
  for (const folder of ['page', 'client', ...(faces ? ['faces'] : [])]) {
    for (const name of readdirSync(new URL(`./${folder}/`, import.meta.url))) {
      const contentType = contentTypes[name.slice(name.lastIndexOf('.'))];
      if (!contentType || name.endsWith('.test.ts')) continue;
      const text = readFileSync(new URL(`./${folder}/${name}`, import.meta.url), 'utf8');
      assets.set(`${folder}/${name}`, { contentType, body: name.endsWith('.ts') ? stripTypeScriptTypes(text) : text });
    }
  }
  return assets;
}
