import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import type { PageSettings } from './messages.ts';

/** Each file after those it imports from. */
const files = ['probes.ts', 'capture.ts', 'people.ts', 'install.ts'];

/** The page's modules as one classic script: init scripts cannot import. Their top-level names must differ. */
export function pageScript(settings: PageSettings): string {
  const code = files.map((file) => withoutModules(readFileSync(new URL(`./${file}`, import.meta.url), 'utf8')));
  return `(() => {
if (window !== window.top) return;
${code.join('\n')}
install(${JSON.stringify(settings)});
})();`;
}

const withoutModules = (source: string): string =>
  stripTypeScriptTypes(source)
    .replace(/^import [^;]*;$/gm, '')
    .replace(/^export /gm, '');
