import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine, type Machine } from './machine.ts';

export const proofDir = join(import.meta.dirname, '../../../../proof');

export type Cell = string | number | undefined;

interface Promised {
  promise: string;
  measured: string;
  kept: boolean;
}

/** Tables on standard output, figures in `proof/<name>.json`, and the promises that were kept or broken. */
export class Report {
  readonly machine: Machine = describeMachine();
  readonly #name: string;
  readonly #figures: Record<string, unknown> = {};
  readonly #promises: Promised[] = [];
  readonly #notes: string[] = [];
  readonly #startedAt = performance.now();

  constructor(name: string) {
    this.#name = name;
    const { cpu, cores, load, node, onnxruntime, commit, changed } = this.machine;
    console.log(`${cpu}, ${cores} cores, load ${load}; node ${node}, onnxruntime ${onnxruntime}`);
    console.log(`commit ${commit}${changed ? ' with changes' : ''}`);
  }

  /** Something under way, on standard error. */
  progress(what: string): void {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    console.error(`[${seconds.toFixed(0).padStart(4)} s] ${what}`);
  }

  table(title: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): void {
    const cells = [columns, ...rows].map((row) => row.map((cell) => (cell === undefined ? '–' : String(cell))));
    const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
    const line = (row: readonly string[]) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd();
    console.log(`\n${title}`);
    console.log(cells.map(line).join('\n'));
  }

  /** Keeps figures for the file and writes it at once, so that a run that is cut short leaves what it had. */
  figures(section: string, values: unknown): void {
    this.#figures[section] = values;
    this.#write();
  }

  promise(promise: string, measured: string, kept: boolean): void {
    this.#promises.push({ promise, measured, kept });
  }

  note(text: string): void {
    this.#notes.push(text);
    console.log(`\nnote: ${text}`);
  }

  /** Prints the promises; false when one was broken. */
  finish(): boolean {
    this.#write();
    console.log('\nPromises');
    for (const { promise, measured, kept } of this.#promises) {
      console.log(`${kept ? 'kept  ' : 'BROKEN'}  ${promise}: ${measured}`);
    }
    console.log(
      `\n${((performance.now() - this.#startedAt) / 1000).toFixed(0)} s; figures in proof/${this.#name}.json`,
    );
    return this.#promises.every(({ kept }) => kept);
  }

  #write(): void {
    mkdirSync(proofDir, { recursive: true });
    const { machine } = this;
    const content = { name: this.#name, machine, promises: this.#promises, notes: this.#notes, ...this.#figures };
    writeFileSync(join(proofDir, `${this.#name}.json`), `${JSON.stringify(content, rounded, 2)}\n`);
  }
}

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;

/** Fixed digits, or a dash for what could not be measured. */
export const fixed = (value: number | undefined, digits = 2): string =>
  value === undefined || Number.isNaN(value)
    ? '–'
    : value === Number.POSITIVE_INFINITY
      ? 'never'
      : value.toFixed(digits);

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
