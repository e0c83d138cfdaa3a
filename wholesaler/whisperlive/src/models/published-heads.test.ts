import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from './catalogue.ts';
import { completeAlignmentHeads } from './hugging-face-config.ts';
import { publishedHeads } from './published-heads.ts';

/** The channels of one head. */
const headWidth = 64;

test('every model of the catalogue has published heads, all of them in its decoder', () => {
  for (const { name, shape } of catalogue) {
    const heads = publishedHeads(name) ?? [];
    expect(heads.length).toBeGreaterThan(4);
    for (const [layer, head] of heads) {
      expect(layer).toBeLessThan(shape.decoderLayers);
      expect(head).toBeLessThan(shape.width / headWidth);
    }
  }
});

test('a configuration without heads gets those of its model, and one that has some keeps them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vexa-heads-'));
  const path = join(folder, 'config.json');
  const dims = { width: 512, heads: 8, encoderLayers: 6, decoderLayers: 6, vocabulary: 51_865, melBins: 80 };
  const complete = (config: object, name: string): unknown => {
    writeFileSync(path, JSON.stringify(config));
    completeAlignmentHeads(folder, name, dims);
    return JSON.parse(readFileSync(path, 'utf8'));
  };
  const base = [3.1, 4.2, 4.3, 4.7, 5.1, 5.2, 5.4, 5.6].map((head) => `${head}`.split('.').map(Number));
  expect(complete({ suppress_ids: [1] }, 'base')).toEqual({ suppress_ids: [1], alignment_heads: base });
  expect(complete({ alignment_heads: [[0, 0]] }, 'base')).toEqual({ alignment_heads: [[0, 0]] });
  // Not a model of OpenAI's, or not of the size its name says: all heads of the later half.
  for (const name of ['mine', 'large-v3']) {
    expect(complete({}, name)).toMatchObject({ alignment_heads: { length: 24, 0: [3, 0] } });
  }
  rmSync(folder, { recursive: true });
});
