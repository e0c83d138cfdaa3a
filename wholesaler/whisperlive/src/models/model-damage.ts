import { modelNames } from './catalogue.ts';
import { ModelError } from './model-error.ts';

export interface Damage {
  /** A folder of graphs, which can be built again from the weights; undefined for the weights themselves. */
  graphs: string | undefined;
  what: string;
}

export function damagedModel(name: string, damages: readonly Damage[]): ModelError {
  const all = damages.map(({ graphs, what }) => (graphs === undefined ? what : `${graphs}/${what}`)).join('; ');
  return new ModelError('damaged', `model "${name}" is damaged: ${all}. ${cure(name, damages)}`);
}

function cure(name: string, damages: readonly Damage[]): string {
  const pull = `Run \`npm run models -- pull ${name}\``;
  if (damages.every(({ graphs }) => graphs !== undefined))
    return `${pull}: it builds the graphs again, without a network`;
  if (modelNames.includes(name)) return `${pull}: it fetches the model again`;
  return `Run \`npm run models -- rm ${name}\` and import it again`;
}
