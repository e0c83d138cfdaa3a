import { Command, InvalidArgumentError } from 'commander';
import { capacityOf } from './capacity/capacity.ts';
import { readFigures, takeFigures } from './capacity/figures.ts';
import { examplePrices } from './capacity/price.ts';
import { printCapacity } from './capacity/print-capacity.ts';
import { usualSettings, usualWorkload } from './capacity/workload.ts';

const positive = (text: string): number => {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
};
const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const command = new Command('capacity')
  .description('What so many meetings at once take and cost, and what breaks first, from what benchmarks measured.')
  .option('--meetings <list>', 'sizes, with commas', (text) => text.split(',').map(positive), [10, 1_000, 100_000])
  .option('--take-figures', 'first keep the figures that benchmarks wrote into proof/')
  .option('--json', 'one JSON object instead of tables');
const inputs = { work: usualWorkload, settings: usualSettings, prices: examplePrices };
for (const values of Object.values(inputs)) {
  for (const [name, value] of Object.entries(values)) {
    command.option(`--${kebab(name)} <n>`, `(${value})`, positive);
  }
}
const { meetings, json, takeFigures: taking, ...chosen } = command.parse().opts();
if (taking) takeFigures(new URL('../../../proof/', import.meta.url));
const choose = <T extends object>(defaults: T): T => {
  const own = Object.keys(defaults).filter((name) => name in chosen);
  return { ...defaults, ...Object.fromEntries(own.map((name) => [name, chosen[name]])) };
};
const given = {
  figures: readFigures(),
  work: choose(inputs.work),
  settings: choose(inputs.settings),
  prices: choose(inputs.prices),
};
const capacity = capacityOf(meetings, given);
console.log(json ? JSON.stringify({ ...given, ...capacity }, null, 2) : printCapacity(capacity, given));
